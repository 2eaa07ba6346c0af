import { describe, expect, test } from "bun:test";
import { statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createTelemetryStore } from "../../src/ledger/store";
import { executionCompleted } from "../../src/testing";
import { runCli } from "../support/fake-terminal";
import { read } from "../support/ledger";
import { countRows, filesBeside, numberOf } from "../support/place";
import { tempDir } from "../support/temp-dir";

const HOUR_MS = 3_600_000;
const folder = tempDir();
let ledgers = 0;

/** A ledger of so many old executions, and of two new ones. */
function ledgerOf(old: number): string {
  ledgers += 1;
  const db = join(folder, `${ledgers}`, "telemetry.db");
  using store = createTelemetryStore({ dbPath: db });
  const hundredDaysAgo = Date.now() - 100 * 24 * HOUR_MS;
  store.recordMany(
    Array.from({ length: old }, (_, index) =>
      executionCompleted({ executionId: `old-${index}`, completedAt: hundredDaysAgo }),
    ),
  );
  store.recordMany([
    executionCompleted({ executionId: "new" }),
    executionCompleted({ executionId: "two hours old", completedAt: Date.now() - 2 * HOUR_MS }),
  ]);
  return db;
}

describe("runledger purge", () => {
  test("deletes what is old, keeps its sums, and makes the file smaller", async () => {
    const db = ledgerOf(12_000);
    const before = statSync(db).size;
    const { exitCode, out, err } = await runCli(["purge", "--older-than", "90d", "--db", db], {
      isErrorTerminal: true,
    });
    expect(exitCode).toBe(0);
    expect(out).toMatch(/^12,000 executions purged, \d\.\d MB given back\n$/);
    expect(err).toContain("5,000 executions");
    expect(countRows(db)).toBe(2);
    expect(numberOf(db, "SELECT sum(executions) FROM usage_daily")).toBe(12_002);
    expect(statSync(db).size).toBeLessThan(before / 2);
    expect(filesBeside(db)).toEqual(["telemetry.db"]);
  });

  test("takes hours", async () => {
    const db = ledgerOf(0);
    expect((await runCli(["purge", "--older-than", "1h", "--db", db])).out).toStartWith(
      "1 execution purged, ",
    );
    expect(read(db, "SELECT execution_id FROM executions")).toEqual([{ execution_id: "new" }]);
    expect((await runCli(["purge", "--older-than", "999999999d", "--db", db])).out).toStartWith(
      "0 executions purged, 0 B",
    );
  });

  test("--dry-run says what would be deleted, and deletes nothing", async () => {
    const db = ledgerOf(1_000);
    using store = createTelemetryStore({ dbPath: db });
    store.recordIncident({ kind: "rejected", reason: "new" });
    const { exitCode, out } = await runCli(["purge", "--older-than", "90d", "--dry-run", "--db", db]);
    expect(exitCode).toBe(0);
    expect(out).toMatch(
      /^1,000 executions and 0 incidents would be deleted, about \d+ kB\nNothing was deleted\.\n$/,
    );
    expect((await runCli(["purge", "--older-than", "0d", "--dry-run", "--db", db])).out).toStartWith(
      "1,002 executions and 1 incident ",
    );
    expect((await runCli(["purge", "--older-than", "999999999d", "--dry-run", "--db", db])).out).toStartWith(
      "0 executions and 0 ",
    );
    expect(countRows(db)).toBe(1_002);

    // What a target hasn't got stays.
    read(
      db,
      `INSERT INTO forward_targets (target, reached_at, last_id, last_incident_id)
       VALUES ('host:5432/db?public', '2026-11-01 10:20:30.000', 3, 0), ('mistyped', NULL, 0, 0)`,
    );
    const kept = `999 executions and 1 incident kept for host:5432/db?public, which has got nothing since 2026-11-01 10:20 UTC
If it is gone for good: runledger forward --forget 'host:5432/db?public' --from ${db}\n`;
    const { out: plan } = await runCli(["purge", "--older-than", "0d", "--dry-run", "--db", db]);
    expect(plan).toStartWith("3 executions and 0 incidents ");
    expect(plan).toEndWith(`Nothing was deleted.\n${kept}`);
    const { out: done } = await runCli(["purge", "--older-than", "0d", "--db", db]);
    expect(done).toStartWith("3 executions purged");
    expect(done).toEndWith(`\n${kept}`);
    const nothingOld = await runCli(["purge", "--older-than", "999d", "--db", db]);
    expect(nothingOld.out).not.toContain("kept");
    expect(await runCli(["forward", "--forget", "host:5432/db?public", "--from", db])).toMatchObject({
      exitCode: 0,
      out: "host:5432/db?public is forgotten\n",
    });
    expect((await runCli(["purge", "--older-than", "0d", "--db", db])).out).toMatch(
      /^999 executions purged[^\n]*\n$/,
    );
  });

  test.each(["90", "d", "-1d", "3 weeks", ""])("does not take %p for an age", async (age) => {
    const { exitCode, err } = await runCli(["purge", `--older-than=${age}`, "--db", ledgerOf(0)]);
    expect({ exitCode, lines: err.trim().split("\n").length }).toEqual({ exitCode: 2, lines: 1 });
  });

  test("needs an age, and a ledger that is there", async () => {
    expect((await runCli(["purge", "--db", ledgerOf(0)])).exitCode).toBe(2);
    const nowhere = join(folder, "nowhere.db");
    expect(await runCli(["purge", "--older-than", "1d", "--db", nowhere])).toMatchObject({ exitCode: 1 });
    expect(filesBeside(nowhere)).not.toContain("nowhere.db");
    const empty = join(folder, "empty.db");
    writeFileSync(empty, "");
    expect(await runCli(["purge", "--older-than", "1d", "--db", empty])).toMatchObject({ exitCode: 1 });
    expect(statSync(empty).size).toBe(0);
  });
});
