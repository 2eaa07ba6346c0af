import { writeSync } from "node:fs";
import { createApp, telemetryPlugin } from "runledger";
import { executionCompleted } from "runledger/testing";

// Usage: emit-until-killed.ts DB_PATH PREFIX CONTROL_FILE. Prints "ready" once the ledger is open. From the signal
// SIGUSR2 on, emits one event a millisecond, and prints "emitted NUMBER QUEUED" after each turn and "flushed NUMBER"
// when a flush has resolved, until it is killed. A thread that does nothing else writes each NUMBER into the control
// file.

const FLUSH_EVERY_MS = 100;

const [dbPath = "", prefix = "", controlFile = ""] = process.argv.slice(2);
const app = createApp().use(telemetryPlugin, { dbPath });
const telemetry = app.get(telemetryPlugin);
const told = Promise.withResolvers<void>();
process.once("SIGUSR2", () => told.resolve());
const control = new Worker(new URL("./control-thread.ts", import.meta.url).href);
control.postMessage(controlFile);
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
  control.postMessage(emitted);
  writeSync(1, `emitted ${emitted} ${telemetry.stats().queued}\n`);
}, 1);

for (;;) {
  await Bun.sleep(FLUSH_EVERY_MS);
  const upTo = emitted;
  await telemetry.flush();
  writeSync(1, `flushed ${upTo}\n`);
}
