import { beforeEach, expect, test } from "bun:test";
import {
  copyFileSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { toExecutionRow } from "../../src/ledger/row";
import { createTelemetryStore } from "../../src/ledger/store";
import { executionCompleted } from "../../src/testing";
import { GuardedLedger } from "../../src/writer/guarded-ledger";
import { read } from "../support/ledger";
import { tempDir } from "../support/temp-dir";

const dir = tempDir();
let folder = "";
let dbPath = "";
let places = 0;
let reasons: string[] = [];
beforeEach(() => {
  places += 1;
  folder = join(dir, `${places}`);
  dbPath = join(folder, "telemetry.db");
  mkdirSync(folder);
  reasons = [];
});

function guard(): GuardedLedger {
  const events = { onOpened() {}, onChanged: (reason: string) => void reasons.push(reason) };
  return new GuardedLedger(dbPath, { synchronous: "NORMAL" }, events);
}

function write(guarded: GuardedLedger, ...ids: string[]): void {
  const rows = ids.map((executionId) => toExecutionRow(executionCompleted({ executionId })));
  guarded.ensureOpen().write(rows, [], "write");
}

/** A ledger of its own, closed. */
function makeLedger(path: string, ...ids: string[]): void {
  using store = createTelemetryStore({ dbPath: path });
  store.recordMany(ids.map((executionId) => executionCompleted({ executionId })));
}

const idsIn = (path: string) =>
  read(path, "SELECT execution_id FROM executions ORDER BY id").map((row) => row["execution_id"]);

function rescued(): string[] {
  const names = readdirSync(folder).filter((name) => /\.rescued-[^-]+(-[^-]+){4}$/.test(name));
  return names.map((name) => join(folder, name));
}

test("a file that nobody touched stays open", () => {
  const guarded = guard();
  expect(guarded.isOpen).toBe(false);
  write(guarded, "a");
  expect(guarded.ensureOpen()).toBe(guarded.ensureOpen());
  expect(guarded.isUnchanged()).toBe(true);
  guarded.close();
  expect(reasons).toEqual([]);
});

test("a file that was deleted is put back", () => {
  const guarded = guard();
  write(guarded, "a");
  rmSync(dbPath);
  expect(guarded.isUnchanged()).toBe(false);
  write(guarded, "b");
  guarded.close();
  expect(idsIn(dbPath)).toEqual(["a", "b"]);
  expect(reasons).toEqual([
    `The ledger ${dbPath} was deleted while it was open; its contents were saved at ${dbPath}.`,
  ]);
  expect(read(dbPath, "SELECT kind, reason FROM incidents")).toEqual([
    { kind: "degraded", reason: reasons[0] ?? "" },
  ]);
});

test("a file that was replaced is kept beside the new one", () => {
  const guarded = guard();
  write(guarded, "a");
  makeLedger(join(folder, "other.db"), "x");
  renameSync(join(folder, "other.db"), dbPath);
  write(guarded, "b");
  guarded.close();
  expect(idsIn(dbPath)).toEqual(["x", "b"]);
  expect(rescued().map(idsIn)).toEqual([["a"]]);
});

test("a link that leads elsewhere is followed", () => {
  const [first, second] = [join(folder, "first.db"), join(folder, "second.db")];
  makeLedger(first);
  makeLedger(second, "x");
  symlinkSync(first, dbPath);
  const guarded = guard();
  write(guarded, "a");
  rmSync(dbPath);
  symlinkSync(second, dbPath);
  write(guarded, "b");
  guarded.close();
  expect(idsIn(first)).toEqual(["a"]);
  expect(idsIn(second)).toEqual(["x", "b"]);
  expect(reasons).toEqual([
    `The ledger ${dbPath} was replaced by a link to another file while it was open; its contents are in ${first}.`,
  ]);
});

test.each([
  [["b", "c"], "of its contents, the executions that were not in the file yet (2) were saved at"],
  [[], "its contents could not be saved"],
])(
  "of a file that a backup was copied over, what only the -wal had (%p) is kept; the backup once it is whole",
  async (after, outcome) => {
    const backup = join(folder, "backup.db");
    const guarded = guard();
    makeLedger(backup, "x");
    write(guarded, "a");
    guarded.ensureOpen().checkpoint();
    guarded.isUnchanged();
    if (after.length > 0) write(guarded, ...after);
    copyFileSync(backup, dbPath);
    expect(() => guarded.ensureOpen()).toThrow("is being overwritten");
    expect(reasons).toEqual([expect.stringContaining(outcome)]);
    expect(rescued().map(idsIn)).toEqual(after.length > 0 ? [after] : []);
    while (!isOpenable(guarded)) await Bun.sleep(10);
    write(guarded, "d");
    guarded.close();
    expect(idsIn(dbPath)).toEqual(["x", "d"]);
  },
);

test("a file that is still written is not opened", async () => {
  const guarded = guard();
  write(guarded, "a");
  truncateSync(dbPath, 0);
  expect(() => guarded.ensureOpen()).toThrow("is being overwritten");
  writeFileSync(dbPath, "half of a database");
  expect(() => guarded.ensureOpen()).toThrow("is being overwritten");
  rmSync(dbPath);
  while (!isOpenable(guarded)) await Bun.sleep(10);
  guarded.close();
  expect(idsIn(dbPath)).toEqual([]);
});

function isOpenable(guarded: GuardedLedger): boolean {
  try {
    guarded.ensureOpen();
    return true;
  } catch {
    return false;
  }
}
