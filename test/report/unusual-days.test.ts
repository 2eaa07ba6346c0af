import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { createTelemetryStore } from "../../src/ledger/store";
import { openLedger } from "../../src/report/database/open-ledger";
import { usageReport } from "../../src/report/usage-report";
import { executionCompleted } from "../../src/testing";
import { runCli } from "../support/fake-terminal";
import { tempDir } from "../support/temp-dir";

const dir = tempDir();
let file = 0;

/** A ledger of executions at noon, each by its day and its cost. */
function ledgerOf(costs: Readonly<Record<string, number>>): string {
  file += 1;
  const dbPath = join(dir, `${file}.db`);
  using store = createTelemetryStore({ dbPath });
  store.recordMany(
    Object.entries(costs).map(([day, costUsd]) =>
      executionCompleted({ completedAt: `${day}T12:00:00Z`, costUsd }),
    ),
  );
  return dbPath;
}

async function unusualIn(dbPath: string, filter = {}): Promise<(string | undefined)[]> {
  await using ledger = await openLedger(dbPath);
  const { groups } = await usageReport(ledger, { since: "2026-10", by: ["day"], ...filter });
  return groups.filter(({ unusual }) => unusual).map(({ day }) => day);
}

// 5 October is a Monday, as are these.
const MONDAYS = { "2026-09-07": 1, "2026-09-14": 2, "2026-09-21": 2, "2026-09-28": 3 };

describe("a day is marked that costs more than three times the median of the same weekdays before", () => {
  test.each([
    ["more", { ...MONDAYS, "2026-10-05": 6.01 }, ["2026-10-05"]],
    ["no more", { ...MONDAYS, "2026-10-05": 6 }, []],
    ["only three are known", { "2026-09-14": 2, "2026-09-21": 2, "2026-09-28": 2, "2026-10-05": 100 }, []],
    ["other weekdays don't count", { ...MONDAYS, "2026-10-06": 100 }, []],
    ["days without executions cost nothing", { "2026-09-01": 1, ...MONDAYS, "2026-10-06": 100 }, []],
    [
      "what is more than eight weeks before doesn't count",
      { "2026-08-03": 50, "2026-08-10": 1, ...MONDAYS, "2026-10-05": 6.01 },
      ["2026-10-05"],
    ],
    [
      "a day of the report is compared with those before it",
      { ...MONDAYS, "2026-10-05": 2, "2026-10-12": 7 },
      ["2026-10-12"],
    ],
  ])("%s", async (_, costs, expected) => {
    expect(await unusualIn(ledgerOf(costs))).toEqual(expected);
  });

  test("in a time zone, by its days", async () => {
    // Noon in UTC is the next day on Kiritimati.
    const dbPath = ledgerOf({ ...MONDAYS, "2026-10-05": 7 });
    expect(await unusualIn(dbPath, { timeZone: "Pacific/Kiritimati" })).toEqual(["2026-10-06"]);
  });

  test("by days alone, of the executions that match", async () => {
    const dbPath = ledgerOf({ ...MONDAYS, "2026-10-05": 7 });
    expect(await unusualIn(dbPath, { by: ["day", "repo"] })).toEqual([]);
    expect(await unusualIn(dbPath, { repo: "none" })).toEqual([]);
    expect(await unusualIn(dbPath, { repo: "octo-org/*" })).toEqual(["2026-10-05"]);
  });
});

test("text has a mark and says what it means; JSON has a field", async () => {
  const db = ledgerOf({ ...MONDAYS, "2026-10-05": 7, "2026-10-06": 7 });
  const args = ["report", "--since", "2026-10", "--until", "2026-11", "--db", db];
  const { out } = await runCli(args);
  expect(out).toMatch(/^2026-10-05 ! +1 /m);
  expect(out).toMatch(/^2026-10-06 +1 /m);
  expect(out.replaceAll("\n", " ")).toContain(
    "! More than 3 times the median of the same weekdays of the 8 weeks before: 2026-10-05.",
  );
  const { groups } = JSON.parse((await runCli([...args, "--json"])).out);
  expect(groups.map(({ unusual }: never) => unusual)).toEqual([true, undefined]);
});
