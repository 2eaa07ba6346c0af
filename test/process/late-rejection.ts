// A close hook that fails after it has timed out. Argument: "with-broken-logger" for a logger that throws.
import { createApp, RunledgerError } from "runledger";

const print = (line: string): void => void process.stdout.write(`${line}\n`);
const brokenLogger = process.argv[2] === "with-broken-logger";

const log = (level: string) => (bindings: object, message: string) => {
  if (brokenLogger) throw new Error("the logger is broken");
  const reason = "err" in bindings && bindings.err instanceof Error ? bindings.err.message : "";
  print(`${level}: ${message}: ${reason}`);
};
const logger = { debug: log("debug"), info: log("info"), warn: log("warn"), error: log("error") };

const hook = Promise.withResolvers<void>();
const app = createApp({ logger });
app.onClose(() => hook.promise);
try {
  await app.close({ timeoutMs: 5 });
} catch (error) {
  const [first]: unknown[] = error instanceof AggregateError ? error.errors : [];
  print(`close failed: ${first instanceof RunledgerError ? first.code : String(first)}`);
}
hook.reject(new Error("too late"));
// Two turns of the event loop: an unhandled rejection would have ended the process by then.
await Bun.sleep(0);
await Bun.sleep(0);
print("survived");
