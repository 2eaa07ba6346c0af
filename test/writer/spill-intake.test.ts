import { expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { appendToSpill, spillPathsOf } from "../../src/handoff/spill";
import { openLedgerFile } from "../../src/ledger/open";
import { SqliteLedger } from "../../src/ledger/sqlite-ledger";
import { executionCompleted } from "../../src/testing";
import { SpillIntake } from "../../src/writer/spill-intake";
import { read } from "../support/ledger";
import { tempDir } from "../support/temp-dir";

const dir = tempDir();
let places = 0;

function place() {
  places += 1;
  const dbPath = join(dir, `${places}`, "telemetry.db");
  mkdirSync(join(dir, `${places}`));
  const ledger = new SqliteLedger(openLedgerFile(dbPath, { synchronous: "NORMAL", busyTimeoutMs: 0 }));
  const unreadable: unknown[] = [];
  const intake = new SpillIntake(dbPath, (error) => unreadable.push(error));
  const spill = (...ids: readonly string[]) => {
    const lines = ids.map((executionId) => JSON.stringify(executionCompleted({ executionId })));
    appendToSpill(dbPath, [Buffer.from(`\n${lines.join("\n")}\n`)]);
  };
  const ids = () => read(dbPath, "SELECT execution_id AS id FROM executions ORDER BY id").map(({ id }) => id);
  return { dbPath, ledger, intake, unreadable, spill, ids };
}

test("nothing waits where nothing was spilled, nor for a ledger in memory", () => {
  const { ledger, intake } = place();
  intake.look();
  expect(intake.isWaiting).toBe(false);
  const ofMemory = new SpillIntake(":memory:", () => {});
  ofMemory.look();
  expect(ofMemory.isWaiting).toBe(false);
  ledger.close();
});

test("what is spilled while a file is taken in, is taken in after it", () => {
  const { ledger, intake, spill, ids } = place();
  spill("a", "b");
  intake.look();
  expect(intake.writeNextTo(ledger)).toBe(2);
  spill("c");
  expect([intake.writeNextTo(ledger), intake.isWaiting]).toEqual([0, true]);
  expect([intake.writeNextTo(ledger), intake.writeNextTo(ledger), intake.isWaiting]).toEqual([1, 0, false]);
  ledger.close();
  expect(ids()).toEqual(["a", "b", "c"]);
});

test("a batch that can't be written now is left to the next when it stops", () => {
  const { dbPath, ledger, intake, spill, ids } = place();
  spill("a");
  intake.look();
  const other = openLedgerFile(dbPath, { synchronous: "NORMAL" });
  other.transaction(() => {
    expect(() => intake.writeNextTo(ledger)).toThrow("locked");
  });
  other.close();
  intake.stop();
  const next = new SpillIntake(dbPath, () => {});
  next.look();
  expect(next.writeNextTo(ledger)).toBe(1);
  ledger.close();
  expect(ids()).toEqual(["a"]);
});

test.each([
  // Its spill file's name is longer than a file system takes.
  ["looked for", 244, false],
  // The name that it is claimed by is.
  ["claimed", 210, true],
])("a spill file that can't be %s is told once, and not tried again", (_, length, isThere) => {
  const dbPath = join(dir, "n".repeat(length));
  const ledger = new SqliteLedger(openLedgerFile(dbPath, { synchronous: "NORMAL" }));
  const errors: unknown[] = [];
  const intake = new SpillIntake(dbPath, (error) => errors.push(error));
  if (isThere) writeFileSync(spillPathsOf(dbPath)[0], "{}\n");
  intake.look();
  expect(intake.isWaiting).toBe(isThere);
  if (isThere) expect(intake.writeNextTo(ledger)).toBe(0);
  intake.look();
  expect(errors).toMatchObject([{ code: "ENAMETOOLONG" }]);
  expect(intake.isWaiting).toBe(false);
  ledger.close();
});
