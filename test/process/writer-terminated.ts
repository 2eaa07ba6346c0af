import { writeSync } from "node:fs";
import { executionCompleted } from "runledger/testing";
import { defaultLogger } from "../../src/logger";
import { QueuedRecorder } from "../../src/recorder/recorder";
import { startThread } from "../../src/recorder/writer-link";
import "../support/built-threads";

// Usage: writer-terminated.ts DB_PATH COUNT TERMINATIONS. Emits so many events; in the midst of them the writer's
// thread is terminated so often, each time while it has a batch. Prints how often, and the final stats.

const [dbPath = "", count = "20000", terminations = "10"] = process.argv.slice(2);
const BATCH_SIZE = 128;
/** About as long as a writer takes for its share of the events. */
const LONGEST_LIFE_MS = 20;

let terminate = (): void => {};
let opened = Promise.withResolvers<void>();

const recorder = new QueuedRecorder(
  {
    dbPath,
    synchronous: "NORMAL",
    retentionDays: 90,
    flushIntervalMs: 5,
    maxBatchSize: BATCH_SIZE,
    maxQueueSize: 100_000,
    exitTimeoutMs: 2_000,
  },
  (options, counts, events) => {
    opened = Promise.withResolvers();
    const link = startThread(options, counts, {
      ...events,
      onMessage(message) {
        if (message.type === "state" && message.state === "open") opened.resolve();
        events.onMessage(message);
      },
    });
    terminate = () => link.terminate();
    return link;
  },
  defaultLogger(),
);

let emitted = 0;
function emit(events: number): void {
  for (let turn = 0; turn < events; turn += 1) {
    emitted += 1;
    recorder.record(executionCompleted({ executionId: `event-${emitted}` }));
  }
}

// Half of them, so that some are left for a writer that was faster than expected, and for the end.
const share = Math.floor(Number(count) / Number(terminations) / 2);
let terminatedInMidBatch = 0;
for (let life = 1; life <= Number(terminations); life += 1) {
  await opened.promise;
  emit(share);
  const endMs = performance.now() + Math.random() * LONGEST_LIFE_MS;
  // Not asleep: by the time that a timer fires, the writer may have finished.
  while (performance.now() < endMs && recorder.stats().inFlight > BATCH_SIZE);
  if (recorder.stats().inFlight === 0) emit(4 * BATCH_SIZE);
  if (recorder.stats().inFlight > 0) terminatedInMidBatch += 1;
  const restarts = recorder.stats().restarts;
  terminate();
  while (recorder.stats().restarts === restarts) await Bun.sleep(1);
  // The next one has started when the promise is another.
  const before = opened;
  while (opened === before) await Bun.sleep(1);
}
emit(Number(count) - emitted);
await recorder.flush();
await recorder.close(10_000);
writeSync(1, `${terminatedInMidBatch}\n${JSON.stringify(recorder.stats())}\n`);
