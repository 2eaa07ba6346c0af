import { expect, test } from "bun:test";
import { join, resolve } from "node:path";
import { runCli } from "../support/fake-terminal";
import { makeGoldenLedger } from "../support/golden-ledger";
import { tempDir } from "../support/temp-dir";

const GOLDEN = resolve(import.meta.dir, "../golden");
/** With UPDATE_GOLDEN=1 what is expected becomes what there is: look at the difference before it is committed. */
const isUpdate = process.env["UPDATE_GOLDEN"] === "1";

const db = join(tempDir(), "ledger.db");
makeGoldenLedger(db);

test.each([
  ["executions.60.txt", ["executions"], 60],
  ["executions.80.txt", ["executions"], 80],
  ["executions.120.txt", ["executions"], 120],
  ["executions-by-cost.60.txt", ["executions", "--sort", "cost"], 60],
  ["executions-by-cost.80.txt", ["executions", "--sort", "cost"], 80],
  ["executions-by-cost.120.txt", ["executions", "--sort", "cost"], 120],
  ["executions.jsonl", ["executions", "--json"], 80],
  ["executions.csv", ["executions", "--csv"], 80],
  ["export.jsonl", ["export"], 80],
] as const)("%s", async (file, args, columns) => {
  const { exitCode, out, err } = await runCli([...args, "--db", db], { columns });
  expect({ exitCode, err }).toEqual({ exitCode: 0, err: "" });
  const path = join(GOLDEN, file);
  if (isUpdate) await Bun.write(path, out);
  expect(out).toBe(await Bun.file(path).text());
});
