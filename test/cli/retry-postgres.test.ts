import { describe, expect, test } from "bun:test";
import { forwardOnce } from "../../src/forward/forward-ledger";
import { commandLine } from "../support/dist";
import { runCli } from "../support/fake-terminal";
import { expectExactSums, expectForwarded, fillLedger, ledgerIn } from "../support/forwarding";
import { read } from "../support/ledger";
import { usePostgres } from "../support/postgres";
import { queryOnce } from "../support/postgres-server";
import { recordingLogger } from "../support/recording-logger";
import { tempDir } from "../support/temp-dir";

const server = usePostgres();
const folder = tempDir();
const forward = (from: string, to: string) => forwardOnce({ from, to, logger: recordingLogger() });
const countOf = async (to: string, table: string) =>
  (await queryOnce<{ n: number }>(to, `SELECT count(*)::int AS n FROM ${table}`))[0]?.n;

/** A ledger on PostgreSQL that refused executions 5, 14 and 23 of 25, which have five turns. */
async function withRefused(key = "execution_id") {
  const from = ledgerIn(folder, crypto.randomUUID());
  const to = server.url(await server.createDatabase());
  fillLedger(from, "first", 1);
  await forward(from, to);
  await queryOnce(
    to,
    `ALTER TABLE executions ADD CONSTRAINT no_fives CHECK (num_turns <> 5);
     ALTER TABLE executions DROP CONSTRAINT executions_pkey, ADD PRIMARY KEY (${key})`,
  );
  fillLedger(from, "row", 25);
  expect(await forward(from, to)).toMatchObject({ forwarded: 22, rejected: 3 });
  return { from, to, allow: () => queryOnce(to, "ALTER TABLE executions DROP CONSTRAINT no_fives") };
}

const retry = (to: string, ...args: string[]) => runCli(["incidents", "--retry", "--db", to, ...args]);

describe("incidents --retry on PostgreSQL", () => {
  test.each(["execution_id", "ledger_id, execution_id", "execution_id, created_at"])(
    "stores what was refused, once what was wrong is mended, where the key is (%s)",
    async (key) => {
      const { from, to, allow } = await withRefused(key);
      const before = await retry(to);
      expect({ exitCode: before.exitCode, out: before.out }).toEqual({
        exitCode: 1,
        out: "3 tried: 0 stored, 0 duplicates, 3 still rejected\n",
      });
      expect(before.err).toMatch(/^incident \d+: .*violates check constraint/);
      expect(await countOf(to, "incidents")).toBe(3);

      await allow();
      expect((await retry(to, "--dry-run")).out).toBe(
        "3 tried: 3 valid by now, 0 not\nNothing was written.\n",
      );
      expect([await countOf(to, "executions"), await countOf(to, "incidents")]).toEqual([23, 3]);
      expect(await retry(to)).toMatchObject({
        exitCode: 0,
        out: "3 tried: 3 stored, 0 duplicates, 0 still rejected\n",
        err: "",
      });
      expect(await countOf(to, "incidents")).toBe(0);
      await expectForwarded(to, [from]);
      expect((await retry(to, "--json")).out).toBe('{"stored":0,"duplicates":0,"failed":0}\n');
      expect(await forward(from, to)).toMatchObject({ forwarded: 0, rejected: 0 });
    },
  );

  test("is what doctor advises, in words that can be typed", async () => {
    const { from, to, allow } = await withRefused();
    await queryOnce(to, "UPDATE incidents SET at = now()");
    await allow();
    const { findings } = JSON.parse((await runCli(["doctor", "--json", "--db", to])).out);
    const { remedy } = findings.find(({ check }: { check: string }) => check === "incidents");
    const [, command = ""] = /^(runledger incidents --db \S+) says why; .* --retry\.$/.exec(remedy) ?? [];
    const main = commandLine();
    const script = `runledger() { "${process.execPath}" "${main}" "$@"; }; ${command} --retry`;
    const typed = Bun.spawnSync(["bash", "-c", script], {
      env: { ...process.env, PGPASSWORD: decodeURIComponent(new URL(to).password) },
    });
    expect(`${typed.stdout}${typed.stderr}`).toBe("3 tried: 3 stored, 0 duplicates, 0 still rejected\n");
    await expectForwarded(to, [from]);
  });

  test("ends the incident of what was stored meanwhile", async () => {
    const { from, to, allow } = await withRefused();
    await allow();
    await queryOnce(to, "UPDATE forward_sources SET last_id = 0, last_execution_id = NULL");
    expect(await forward(from, to)).toMatchObject({ forwarded: 3, duplicates: 23 });
    expect((await retry(to)).out).toBe("3 tried: 0 stored, 3 duplicates, 0 still rejected\n");
    expect(await countOf(to, "incidents")).toBe(0);
    await expectExactSums(to);
  });

  test("refuses what may have been purged, unless it is told not to", async () => {
    const { from, to, allow } = await withRefused();
    await allow();
    await queryOnce(to, "INSERT INTO ledger VALUES ('purged_before', '2100-01-01 00:00:00.000')");
    const { exitCode, out, err } = await retry(to);
    expect({ exitCode, out }).toEqual({
      exitCode: 1,
      out: "3 tried: 0 stored, 0 duplicates, 3 still rejected\n",
    });
    expect(err).toContain("before the newest that was purged");
    expect((await retry(to, "--beyond-retention")).out).toBe(
      "3 tried: 3 stored, 0 duplicates, 0 still rejected\n",
    );
    await expectForwarded(to, [from]);
  });

  test("leaves to the ledgers what they rejected themselves, which would be stored twice", async () => {
    const from = ledgerIn(folder, "own");
    const to = server.url(await server.createDatabase());
    fillLedger(from, "row", 3);
    const payload = `{"repo":"o/r","eventType":"push","model":"m","conclusion":"success"}`;
    read(
      from,
      `INSERT INTO incidents (at, kind, reason, payload) VALUES ('2026-01-01 00:00:00.000', 'rejected', 'it was', '${payload}')`,
    );
    expect(await forward(from, to)).toMatchObject({ incidents: 1 });
    const { exitCode, out, err } = await retry(to);
    expect({ exitCode, out }).toEqual({
      exitCode: 1,
      out: "1 tried: 0 stored, 0 duplicates, 1 still rejected\n",
    });
    const [{ value = "" } = {}] = read<{ value: string }>(from, "SELECT value FROM ledger WHERE key = 'id'");
    expect(err).toContain(`The ledger ${value} rejected it itself: try it again there`);
    expect(await countOf(to, "executions")).toBe(3);
  });

  test("says what it lacks the right to, and has changed nothing", async () => {
    const { to, allow } = await withRefused();
    await allow();
    await queryOnce(
      to,
      `CREATE ROLE retry_test LOGIN PASSWORD 'not-a-secret';
       GRANT SELECT ON executions, usage_daily, usage_daily_labels, incidents, ledger, forward_sources,
         runledger_migration TO retry_test;
       GRANT INSERT ON executions TO retry_test;
       GRANT INSERT, UPDATE ON usage_daily, usage_daily_labels, forward_sources TO retry_test`,
    );
    const database = new URL(to).pathname.slice(1);
    const url = server.url(database, { user: "retry_test", password: "not-a-secret" });
    const refused = await retry(url);
    expect(refused.exitCode).toBe(1);
    expect(refused.err).toMatch(/42501.*incidents.*Grant what is missing/);
    expect(await countOf(to, "executions")).toBe(23);
    await queryOnce(to, "GRANT DELETE ON incidents TO retry_test");
    expect((await retry(url)).out).toBe("3 tried: 3 stored, 0 duplicates, 0 still rejected\n");
  });
});
