import { writeSync } from "node:fs";
import { createApp, telemetryPlugin } from "runledger";
import { executionCompleted } from "runledger/testing";

// Usage: million-events.ts DB_PATH COUNT. Emits so many events as fast as it can, flushes and closes. Prints the
// stats after the flush with `rowsAfterFlush`, and its resident memory in bytes: before, at most, and in the end.

const WARM_UP = 20_000;
const SAMPLE_EVERY_EVENTS = 5_000;
const SAMPLE_EVERY_MS = 20;

const [dbPath = "", count = "1000000"] = process.argv.slice(2);
const app = createApp().use(telemetryPlugin, { dbPath });
const telemetry = app.get(telemetryPlugin);

const emit = (number: number) =>
  app.emitter.emit(
    "execution:completed",
    executionCompleted({
      deliveryId: crypto.randomUUID(),
      repo: `octo-org/octo-repo-${number % 20}`,
      prNumber: number,
    }),
  );

for (let number = 0; number < WARM_UP; number += 1) emit(number);
await telemetry.flush();
const idleBytes = await settledMemory();

let highestBytes = idleBytes;
const sample = () => {
  highestBytes = Math.max(highestBytes, process.memoryUsage.rss());
};
const startMs = performance.now();
for (let number = 0; number < Number(count) - WARM_UP; number += 1) {
  emit(number);
  if (number % SAMPLE_EVERY_EVENTS === 0) sample();
}
const emittedMs = performance.now() - startMs;
const sampling = setInterval(sample, SAMPLE_EVERY_MS);
await telemetry.flush();
const flushedMs = performance.now() - startMs;
clearInterval(sampling);
const stats = telemetry.stats();
const finalBytes = await settledMemory();
await app.close();
writeSync(1, `${JSON.stringify({ stats, idleBytes, highestBytes, finalBytes, emittedMs, flushedMs })}\n`);

/** What is left in use after garbage was collected, here and in the writer's thread, which does so when it idles. */
async function settledMemory(): Promise<number> {
  let lowest = Number.POSITIVE_INFINITY;
  for (let turn = 0; turn < 10; turn += 1) {
    await Bun.sleep(50);
    Bun.gc(true);
    lowest = Math.min(lowest, process.memoryUsage.rss());
  }
  return lowest;
}
