import { expect, test } from "bun:test";
import type { Ledger } from "../../src/report/database/ledger";
import { openLedger } from "../../src/report/database/open-ledger";
import { executionsOf } from "../../src/report/executions";
import { SUMMARY_KEYS, summaryReport } from "../../src/report/summary-report";
import { usageReport } from "../../src/report/usage-report";
import { expectAccounted } from "../support/accounting";
import { tries } from "../support/effort";
import { filesBeside, flawsOf, newPlace } from "../support/place";
import { startHost } from "../support/remote-host";
import { tempDir } from "../support/temp-dir";

const REPORTS = tries(8, 40);
const dir = tempDir();

/** A summary, which must add up; returns how many executions it is of. */
async function summarize(ledger: Ledger): Promise<number> {
  const { totals, groups } = await summaryReport(ledger);
  for (const key of SUMMARY_KEYS) {
    const sum = (read: (group: (typeof groups)["day"][0]) => number) =>
      groups[key].reduce((total, group) => total + read(group), 0);
    expect(sum(({ executions }) => executions)).toBe(totals.executions);
    expect(sum(({ inputTokens }) => inputTokens)).toBe(totals.inputTokens);
    expect(sum(({ durationSample }) => durationSample)).toBe(totals.durationSample);
  }
  expect(totals.durationSample).toBe(Math.min(totals.executions, 10_000));
  return totals.executions;
}

test("while an application writes at full speed, every report is of one moment, and the application loses nothing", async () => {
  const place = newPlace(dir);
  await using host = startHost(place);
  await host.call("emit", 1);
  await host.call("flush");
  await host.call("emitSteadily", 10_000);
  let last = 0;
  for (let turn = 0; turn < REPORTS; turn += 1) {
    await using ledger = await openLedger(place.dbPath);
    const executions = await summarize(ledger);
    expect(executions).toBeGreaterThanOrEqual(last);
    last = executions;
    // From the executions one by one: of the other reads' snapshots nothing is left.
    const { totals } = await usageReport(ledger, { since: "2h", timeZone: "Asia/Kolkata", by: ["day"] });
    expect(totals.executions).toBeGreaterThanOrEqual(last);
    const [newest] = await Array.fromAsync(executionsOf(ledger, {}, { order: "newest", limit: 5 }));
    expect(newest).toBeArray();
  }
  await host.call("stopEmitting");
  const { emitted, thrown } = await host.call("measures");
  expect(thrown).toBe(0);
  const report = await host.call("close");
  expect(report).toMatchObject({ written: emitted });
  expectAccounted(report, emitted);
  expect((await host.end()).exitCode).toBe(0);
  {
    await using ledger = await openLedger(place.dbPath);
    expect(await summarize(ledger)).toBe(emitted);
  }
  expect(last).toBeGreaterThan(1);
  expect(filesBeside(place.dbPath)).toEqual(["telemetry.db"]);
  expect(flawsOf(place.dbPath)).toEqual([]);
});
