import { writeSync } from "node:fs";
import { createApp, telemetryPlugin } from "../../src/index";
import { executionCompleted } from "../../src/testing";

// Usage: emit-until-killed.ts DB_PATH PREFIX. Prints "ready" once the ledger is open. From the signal SIGUSR2 on, emits
// one event a millisecond, and prints "emitted NUMBER EPOCH_MS" after each turn and "flushed NUMBER" when a flush has
// resolved, until it is killed.

const FLUSH_EVERY_MS = 100;

const [dbPath = "", prefix = ""] = process.argv.slice(2);
const app = createApp().use(telemetryPlugin, { dbPath });
const telemetry = app.get(telemetryPlugin);
const told = Promise.withResolvers<void>();
process.once("SIGUSR2", () => told.resolve());
await telemetry.ready;
writeSync(1, "ready\n");
await told.promise;

let emitted = 0;
const startMs = performance.now();
setInterval(() => {
  while (emitted < performance.now() - startMs) {
    emitted += 1;
    app.emitter.emit("execution:completed", executionCompleted({ executionId: `${prefix}-${emitted}` }));
  }
  writeSync(1, `emitted ${emitted} ${Date.now()}\n`);
}, 1);

for (;;) {
  await Bun.sleep(FLUSH_EVERY_MS);
  const upTo = emitted;
  await telemetry.flush();
  writeSync(1, `flushed ${upTo}\n`);
}
