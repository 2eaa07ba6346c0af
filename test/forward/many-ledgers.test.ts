import { expect, test } from "bun:test";
import { forwardOnce } from "../../plugins/forward";
import { tries } from "../support/effort";
import { expectForwarded, fillLedger, ledgerIn, runForward } from "../support/forwarding";
import { usePostgres } from "../support/postgres";
import { queryOnce } from "../support/postgres-server";
import { tempDir } from "../support/temp-dir";

const LEDGERS = 4;
const EXECUTIONS = tries(2_000, 25_000);
const server = usePostgres();
const folder = tempDir();

test("four processes that forward four ledgers at the same time into an empty database store each execution once, with exact sums", async () => {
  const url = server.url(await server.createDatabase());
  const ledgers = Array.from({ length: LEDGERS }, (_, index) => ledgerIn(folder, `ledger-${index}`));
  for (const [index, dbPath] of ledgers.entries()) fillLedger(dbPath, `ledger-${index}`, EXECUTIONS);

  const results = await Promise.all(
    ledgers.map((dbPath) => runForward(["--from", dbPath], { RUNLEDGER_FORWARD_URL: url })),
  );
  for (const { exitCode, stdout, stderr } of results) {
    expect({ exitCode, stdout, stderr }).toEqual({
      exitCode: 0,
      stdout: `${EXECUTIONS.toLocaleString("en")} forwarded, 0 already there, 0 rejected\n`,
      stderr: "",
    });
  }
  const [count] = await queryOnce(
    url,
    "SELECT count(*)::int AS executions, count(DISTINCT ledger_id)::int AS ledgers FROM executions",
  );
  expect(count).toEqual({ executions: LEDGERS * EXECUTIONS, ledgers: LEDGERS });
  await expectForwarded(url, ledgers);
});

test("twenty forwarders may make the tables of one database at once", async () => {
  const to = server.url(await server.createDatabase());
  const from = ledgerIn(folder, "shared");
  fillLedger(from, "shared", 10);
  const reports = await Promise.all(
    Array.from({ length: 20 }, () => forwardOnce({ from, to, schema: "other" })),
  );
  expect(reports.reduce((sum, { forwarded }) => sum + forwarded, 0)).toBe(10);
  const sums = await queryOnce(to, "SELECT sum(executions)::int AS executions FROM other.usage_daily");
  expect(sums).toEqual([{ executions: 10 }]);
});
