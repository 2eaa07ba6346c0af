import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import type { UsageGroup } from "../../src/report/types";
import { commandLine } from "../support/dist";
import { runScript } from "../support/run-script";
import { tempDir } from "../support/temp-dir";

const MAIN = commandLine();
const EXECUTIONS = resolve(import.meta.dir, "../../../shared/data/executions.jsonl");

interface Line {
  readonly model: string;
  readonly conclusion: string;
  readonly numTurns: number;
  readonly costUsd: number;
}

/** By model: executions, failures, turns, and the cost to a ten-thousandth. */
type Sums = Readonly<Record<string, readonly [number, number, number, string]>>;

function sumsOf(lines: readonly Line[]): Sums {
  const models = Object.groupBy(lines, ({ model }) => model);
  return Object.fromEntries(
    Object.entries(models).map(([model, ofModel = []]) => [
      model,
      [
        ofModel.length,
        ofModel.filter(({ conclusion }) => conclusion === "failure").length,
        ofModel.reduce((turns, { numTurns }) => turns + numTurns, 0),
        ofModel.reduce((cost, { costUsd }) => cost + costUsd, 0).toFixed(4),
      ],
    ]),
  );
}

test.skipIf(!existsSync(EXECUTIONS))(
  "5,924 real executions by model are as their lines add up (skipped where ../shared/data is absent)",
  async () => {
    const dbPath = join(tempDir(), "real.db");
    const env = { TELEMETRY_DB_PATH: dbPath };
    expect(await runScript(MAIN, ["import", EXECUTIONS], env)).toMatchObject({ exitCode: 0 });
    const { stdout, stderr, exitCode } = await runScript(
      MAIN,
      ["report", "--since", "2025-01-01", "--by", "model", "--json"],
      env,
    );
    expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });

    const { groups, totals } = JSON.parse(stdout);
    const reported = groups.map(({ model, executions, failures, numTurns, costUsd }: UsageGroup) => [
      model,
      [executions, failures, numTurns, costUsd.toFixed(4)],
    ]);
    const lines = Bun.JSONL.parse(await Bun.file(EXECUTIONS).text()) as Line[];
    expect(Object.fromEntries(reported)).toEqual(sumsOf(lines));
    expect(groups).toHaveLength(16);
    expect(totals).toMatchObject({ executions: 5_924, withoutCost: 0 });
    expect(totals.costUsd).toBeCloseTo(1_837.6422, 4);
    expect(totals).toMatchObject({ withoutDuration: 5_823, durationSample: 101 });
    expect(totals.averageDurationMs / 60_000).toBeCloseTo(12.98, 2);
  },
);
