import { expect, test } from "bun:test";
import { join, resolve } from "node:path";
import { createTelemetryStore } from "../../src/ledger/store";
import { executionCompleted } from "../../src/testing";
import { runCli } from "../support/fake-terminal";
import { makeGoldenLedger } from "../support/golden-ledger";
import { tempDir } from "../support/temp-dir";

const GOLDEN = resolve(import.meta.dir, "../golden");
/** With UPDATE_GOLDEN=1 what is expected becomes what there is: look at the difference before it is committed. */
const isUpdate = process.env["UPDATE_GOLDEN"] === "1";
const dir = tempDir();
const db = join(dir, "ledger.db");
makeGoldenLedger(db);
const OCTOBER_4 = ["--since", "2026-10-04", "--until", "2026-10-08", "--db", db];

test.each([60, 80, 120])("changes between four days and the four before, in %d columns", async (columns) => {
  const { exitCode, out, err } = await runCli(["changes", ...OCTOBER_4], { columns });
  expect({ exitCode, err }).toEqual({ exitCode: 0, err: "" });
  const path = join(GOLDEN, `changes.${columns}.txt`);
  const text = out.replace(dir, "");
  if (isUpdate) await Bun.write(path, text);
  expect(text).toBe(await Bun.file(path).text());
});

test("as JSON, and compared with a month", async () => {
  const { out } = await runCli(["changes", ...OCTOBER_4, "--compare", "2026-09", "--json"]);
  expect(JSON.parse(out)).toMatchObject({
    schema: "runledger.changes/1",
    filter: { since: "2026-10-04T00:00:00.000Z", until: "2026-10-08T00:00:00.000Z" },
    comparedWith: { since: "2026-09-01T00:00:00.000Z", until: "2026-10-01T00:00:00.000Z" },
    before: { executions: 1, costUsd: 900 },
  });
});

test("names beyond the limit are one row, with which the table adds up", async () => {
  const many = join(dir, "many.db");
  {
    using store = createTelemetryStore({ dbPath: many });
    store.recordMany(
      Array.from({ length: 14 }, (_, index) =>
        executionCompleted({ repo: `o/${index}`, costUsd: index + 1 }),
      ),
    );
  }
  const { out } = await runCli(["changes", "--since", "1d", "--limit", "2", "--db", many]);
  expect(out).toMatch(/^o\/13 +0\.00 +14\.00 +\+14\.00 .*\n.*\n12 others +0\.00 +78\.00 +\+78\.00/m);
  expect(out).toContain("Cost USD");
});

test("of a ledger without executions there is nothing to tell, and that is no failure", async () => {
  const empty = join(dir, "empty.db");
  createTelemetryStore({ dbPath: empty }).close();
  const { exitCode, out } = await runCli(["changes", "--db", empty]);
  expect(exitCode).toBe(0);
  expect(out).not.toContain("By repo");
});
