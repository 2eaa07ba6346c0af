import { describe, expect, test } from "bun:test";
import { chmodSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { createTelemetryStore } from "../../src/ledger/store";
import { executionCompleted } from "../../src/testing";
import { countIn, crashed, filesBeside, makeEarlier, makeLedger, newPath } from "../support/read-ledgers";
import { startScript } from "../support/run-script";

// Root may read and write everything; without these capabilities it is a user like any other.
const CAPABILITIES = "-dac_override,-dac_read_search";
const UNPRIVILEGED =
  process.getuid?.() === 0 ? ["setpriv", `--bounding-set=${CAPABILITIES}`, `--inh-caps=${CAPABILITIES}`] : [];
const canBeUnprivileged = UNPRIVILEGED.length === 0 || Bun.which("setpriv") !== null;

async function totalsByUnprivileged(dbPath: string): Promise<Record<string, unknown>> {
  const { finished } = startScript("report-totals.ts", [dbPath], {}, UNPRIVILEGED);
  return JSON.parse((await finished).stdout);
}

describe.skipIf(!canBeUnprivileged)("in a folder that may not be written (needs setpriv as root),", () => {
  async function readLocked(dbPath: string): Promise<Record<string, unknown>> {
    chmodSync(dbPath, 0o444);
    chmodSync(dirname(dbPath), 0o555);
    try {
      return await totalsByUnprivileged(dbPath);
    } finally {
      chmodSync(dirname(dbPath), 0o755);
    }
  }

  test("a ledger is read, and no file is left beside it", async () => {
    const dbPath = makeLedger(4);
    expect(await readLocked(dbPath)).toMatchObject({ executions: 4, costUsd: 4 });
    expect(filesBeside(dbPath)).toEqual(["telemetry.db"]);
  });

  test.each(["WAL", "DELETE"] as const)(
    "a database of the earlier design (journal %s) too",
    async (journalMode) => {
      expect(await readLocked(makeEarlier(journalMode))).toMatchObject({ executions: 2, costUsd: 0.5 });
    },
  );

  test("a file that may not be written, in a folder that may, gets no files beside it", async () => {
    const dbPath = makeLedger(4);
    chmodSync(dbPath, 0o444);
    expect(await totalsByUnprivileged(dbPath)).toMatchObject({ executions: 4 });
    expect(filesBeside(dbPath)).toEqual(["telemetry.db"]);
  });

  test("also while an application writes it", async () => {
    const dbPath = newPath();
    using store = createTelemetryStore({ dbPath });
    store.record(executionCompleted());
    expect(await readLocked(dbPath)).toMatchObject({ executions: 1 });
    store.record(executionCompleted());
    expect(await readLocked(dbPath)).toMatchObject({ executions: 2 });
  });

  test("what a crash left in the -wal is read, with the -shm that a crash leaves too", async () => {
    expect(await readLocked(crashed(5, ["", "-wal", "-shm"]))).toMatchObject({ executions: 5 });
  });

  test("without the -shm it is refused, with the remedy, rather than left out", async () => {
    const error = await readLocked(crashed(5, ["", "-wal"]));
    expect(error).toMatchObject({
      code: "OPEN_FAILED",
      hint: expect.stringContaining("folder that is writable"),
    });
  });

  test("a ledger that may not be read is refused", async () => {
    const dbPath = makeLedger(1);
    chmodSync(dbPath, 0o000);
    expect(await totalsByUnprivileged(dbPath)).toMatchObject({
      code: "OPEN_FAILED",
      hint: expect.stringContaining("may read"),
    });
  });
});

const mounted = newPath();
const canMount =
  process.getuid?.() === 0 &&
  Bun.which("mount") !== null &&
  Bun.spawnSync(["mount", "--bind", dirname(mounted), dirname(mounted)]).success &&
  Bun.spawnSync(["umount", dirname(mounted)]).success;

test.skipIf(!canMount)(
  "on a file system that is read-only a ledger is read (needs mount as root)",
  async () => {
    makeLedger(4, mounted);
    const folder = dirname(mounted);
    Bun.spawnSync(["mount", "--bind", folder, folder]);
    Bun.spawnSync(["mount", "-o", "remount,ro,bind", folder]);
    try {
      expect(() => writeFileSync(join(folder, "x"), "")).toThrow("EROFS");
      expect(await countIn(mounted)).toBe(4);
      expect(filesBeside(mounted)).toEqual(["telemetry.db"]);
    } finally {
      Bun.spawnSync(["umount", folder]);
    }
  },
);
