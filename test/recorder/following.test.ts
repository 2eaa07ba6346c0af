import { expect, setSystemTime, test } from "bun:test";
import { join } from "node:path";
import { writtenSequence } from "../../src/ledger/statements";
import { announceRecorder, type BeginFollowing, followRecorders } from "../../src/recorder/following";
import { QueuedRecorder } from "../../src/recorder/recorder";
import { startInline, startThread, type WriterLink } from "../../src/recorder/writer-link";
import { executionCompleted } from "../../src/testing";
import { read } from "../support/ledger";
import { recordingLogger } from "../support/recording-logger";
import { tempDir } from "../support/temp-dir";

const dir = tempDir();
const OPTIONS = {
  synchronous: "NORMAL",
  retentionDays: false,
  flushIntervalMs: 1,
  maxBatchSize: 10,
  maxQueueSize: 1_000,
  exitTimeoutMs: 1_000,
} as const;

/** Counts as a follower does: what was taken, and where its batches went. */
function counting() {
  const seen = { taken: 0, waiting: 0, sent: 0, spilled: 0, lastSequence: 0, hasEnded: false, id: "" };
  const times: number[] = [];
  const begin: BeginFollowing = (recorderId, waitingBatches) => {
    seen.id = recorderId;
    seen.waiting = waitingBatches;
    return {
      taken(_, completedAtMs) {
        seen.taken += 1;
        times.push(completedAtMs);
      },
      sealed(batches) {
        seen.waiting += batches;
      },
      sent(sequence) {
        seen.waiting -= 1;
        seen.sent += 1;
        seen.lastSequence = sequence;
      },
      spilled(batches) {
        seen.waiting -= batches;
        seen.spilled += batches;
      },
      ended() {
        seen.hasEnded = true;
      },
    };
  };
  return { seen, times, begin };
}

function notesIn(dbPath: string) {
  const notes = read<{ key: string; value: string }>(
    dbPath,
    "SELECT * FROM ledger WHERE key LIKE 'written_by_%'",
  );
  return notes.map(({ key, value }) => ({ key, sequence: writtenSequence(value) }));
}

test("a follower hears of every event, and the ledger notes the last batch in the transaction of its rows", async () => {
  const dbPath = join(dir, "noted.db");
  const recorder = new QueuedRecorder({ ...OPTIONS, dbPath }, startThread, recordingLogger());
  recorder.record(executionCompleted());
  const { seen, times, begin } = counting();
  const undo = followRecorders(dbPath, begin);
  for (let n = 0; n < 33; n += 1) recorder.record(executionCompleted());
  recorder.record(executionCompleted({ completedAt: "2026-01-31T12:00:00Z" }));
  recorder.record({ ...executionCompleted(), repo: "" });
  expect(times.slice(-2)).toEqual([Date.parse("2026-01-31T12:00:00Z"), Number.NaN]);
  await recorder.flush();
  expect(seen).toMatchObject({ taken: 35, waiting: 0, sent: seen.lastSequence, spilled: 0, hasEnded: false });
  expect(notesIn(dbPath)).toEqual([{ key: `written_by_${seen.id}`, sequence: seen.lastSequence }]);
  undo();
  recorder.record(executionCompleted());
  expect(seen.taken).toBe(35);
  await recorder.close(5_000);
});

test("batches of duplicates and of rejected records are noted too, and a writer that is started again goes on", async () => {
  const dbPath = join(dir, "restarted.db");
  const links: WriterLink[] = [];
  const recorder = new QueuedRecorder(
    { ...OPTIONS, dbPath },
    (...args) => {
      const link = startThread(...args);
      links.push(link);
      return link;
    },
    recordingLogger(),
  );
  const { seen, begin } = counting();
  followRecorders(dbPath, begin);
  const record = executionCompleted({ executionId: "one" });
  recorder.record(record);
  await recorder.flush();
  links.at(-1)?.terminate();
  recorder.record(record);
  recorder.record({ ...record, repo: "" });
  await recorder.flush();
  expect(recorder.stats()).toMatchObject({ written: 1, duplicates: 1, rejected: 1 });
  expect(notesIn(dbPath)).toEqual([{ key: `written_by_${seen.id}`, sequence: seen.lastSequence }]);
  await recorder.close(5_000);
  expect(seen.hasEnded).toBe(true);
});

test("what is spilled is told apart from what is sent; a recorder that nobody follows notes nothing", async () => {
  const dbPath = join(dir, "spilled.db");
  const { seen, begin } = counting();
  const undo = followRecorders(dbPath, begin);
  // A link that takes batches and never acknowledges one.
  const stuck = { post() {}, finish() {}, terminate() {} };
  const recorder = new QueuedRecorder(
    { ...OPTIONS, dbPath, maxQueueSize: 20 },
    () => stuck,
    recordingLogger(),
  );
  for (let n = 0; n < 60; n += 1) recorder.record(executionCompleted());
  expect(recorder.stats().spilled).toBeGreaterThan(0);
  expect(seen).toMatchObject({ taken: 60, sent: 2, spilled: recorder.stats().spilled / 10 });
  await recorder.close(0);
  expect(seen).toMatchObject({ sent: 2, spilled: 4, waiting: 0, hasEnded: true });
  undo();

  const inline = new QueuedRecorder({ ...OPTIONS, dbPath }, startInline, recordingLogger());
  inline.record(executionCompleted());
  await inline.flush();
  expect(notesIn(dbPath)).toEqual([]);
  await inline.close(5_000);
});

test("notes of an hour ago are forgotten when another recorder is followed", async () => {
  const dbPath = join(dir, "forgotten.db");
  const notes: string[] = [];
  const now = Date.now();
  for (const minute of [0, 30, 61]) {
    setSystemTime(now + minute * 60_000);
    const { seen, begin } = counting();
    const undo = followRecorders(dbPath, begin);
    const recorder = new QueuedRecorder({ ...OPTIONS, dbPath }, startInline, recordingLogger());
    recorder.record(executionCompleted());
    await recorder.close(5_000);
    undo();
    notes.push(`written_by_${seen.id}`);
  }
  setSystemTime();
  expect(notesIn(dbPath).map(({ key }) => key)).toEqual(notes.slice(1));
});

test("only recorders of the same ledger are followed", () => {
  const heard: string[] = [];
  const begin: BeginFollowing = () => ({ taken() {}, sealed() {}, sent() {}, spilled() {}, ended() {} });
  const announce = (dbPath: string) =>
    announceRecorder({
      dbPath,
      follow: () => heard.push(`follow ${dbPath}`),
      unfollow: () => heard.push(`unfollow ${dbPath}`),
    });
  const forget = [announce("/a"), announce("/b")];
  const undo = followRecorders("/a", begin);
  forget.push(announce("/a"));
  undo();
  for (const end of forget) end();
  expect(heard).toEqual(["follow /a", "follow /a", "unfollow /a", "unfollow /a"]);
});
