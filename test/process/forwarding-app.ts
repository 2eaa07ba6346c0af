import { createApp, telemetryPlugin } from "runledger";
import { forwardPlugin } from "runledger/forward";
import { executionCompleted } from "runledger/testing";

// Usage: forwarding-app.ts DB_PATH COUNT, with the target in RUNLEDGER_FORWARD_URL. Emits so many events, prints
// "degraded" or "forwarded", whichever comes first, closes at SIGUSR2, and prints the close report.

const [from = "", count = "100"] = process.argv.slice(2);
const to = process.env["RUNLEDGER_FORWARD_URL"] ?? "";
const app = createApp()
  .use(forwardPlugin, { from, to, intervalMs: 10 })
  .use(telemetryPlugin, { dbPath: from });
for (let number = 0; number < Number(count); number += 1) {
  app.emitter.emit("execution:completed", executionCompleted());
}
await app.get(telemetryPlugin).flush();
const forwarding = app.get(forwardPlugin);
// Neither plugin keeps a process alive.
const running = setInterval(() => {}, 1_000);
process.once("SIGUSR2", async () => {
  await app.close();
  process.stdout.write(`${JSON.stringify(await forwarding.close())}\n`);
  clearInterval(running);
});
const hasSettled = () => forwarding.stats().state === "degraded" || forwarding.stats().forwarded > 0;
while (!hasSettled()) await Bun.sleep(5);
process.stdout.write(forwarding.stats().forwarded > 0 ? "forwarded\n" : "degraded\n");
