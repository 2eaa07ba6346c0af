import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { forwardOnce } from "../../plugins/forward";
import { createTelemetryStore } from "../../src/ledger/store";
import { expectExactSums, fillLedger, forwardedIds, ledgerIn, runForward } from "../support/forwarding";
import { EARLIER_DESIGN, EARLIER_INSERT, read } from "../support/ledger";
import { usePostgres } from "../support/postgres";
import { queryOnce } from "../support/postgres-server";
import { recordingLogger } from "../support/recording-logger";
import { tempDir } from "../support/temp-dir";

const server = usePostgres();
const folder = tempDir();
const newUrl = async () => server.url(await server.createDatabase());
const INCIDENTS = "SELECT kind, count::int, reason, payload FROM incidents ORDER BY id";

interface IncidentRow {
  readonly kind: string;
  readonly count: number;
  readonly reason: string;
  readonly payload: string;
}

test("rows that PostgreSQL refuses become incidents with what was in them; their neighbours are stored", async () => {
  const to = await newUrl();
  const from = ledgerIn(folder, "refused");
  const bad: Record<number, object> = {
    2: { repo: "a\0b" },
    77: { sessionId: "\0" },
    78: { model: "m".repeat(10).concat(incompressible(9_000)) },
    250: { completedAt: new Date("0000-05-05T00:00:00Z") },
  };
  fillLedger(from, "row", 250, (number) => bad[number] ?? {});
  const logger = recordingLogger();
  expect(await forwardOnce({ from, to, logger })).toMatchObject({ forwarded: 246, rejected: 4, behind: 0 });

  expect(await forwardedIds(to)).toHaveLength(246);
  await expectExactSums(to);
  const incidents = await queryOnce<IncidentRow>(to, INCIDENTS);
  expect(incidents.map(({ payload }) => JSON.parse(payload).executionId)).toEqual([
    "row-2",
    "row-77",
    "row-78",
    "row-250",
  ]);
  expect(incidents[0]).toMatchObject({ kind: "rejected", count: 1, reason: expect.stringContaining("0x00") });
  expect(incidents[0]?.payload).toContain('"repo":"a\\u0000b"');
  // The first at once, the rest once a second and at the end.
  const said = new Set(logger.lines.map(({ level, message }) => `${level}: ${message}`));
  expect([...said]).toEqual([expect.stringContaining("warn: executions were refused")]);
  const counts = logger.lines.map(({ bindings }) => (bindings as { count: number }).count);
  expect(counts[0]).toBe(1);
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(4);

  // Sent again they are what they were.
  read(from, "UPDATE forward_targets SET last_id = 0");
  await queryOnce(to, "DELETE FROM forward_sources");
  expect(await forwardOnce({ from, to, logger })).toMatchObject({ duplicates: 246, rejected: 4 });
  expect(await queryOnce<IncidentRow>(to, INCIDENTS)).toEqual(incidents);
});

test("a constraint or a trigger of somebody's refuses single rows, too; the command says so by its exit code", async () => {
  const to = await newUrl();
  const from = ledgerIn(folder, "constraint");
  fillLedger(from, "before", 1);
  await forwardOnce({ from, to });
  await queryOnce(to, "ALTER TABLE executions ADD CHECK (num_turns <> 5)");
  await queryOnce(
    to,
    "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.pr_number = 9 THEN RAISE 'no nines'; END IF; RETURN NEW; END $$",
  );
  await queryOnce(
    to,
    "CREATE TRIGGER refuse BEFORE INSERT ON executions FOR EACH ROW EXECUTE FUNCTION refuse()",
  );
  fillLedger(from, "row", 9);
  const { exitCode, stdout } = await runForward(["--from", from, "--to", to, "--json"]);
  expect({ exitCode, report: JSON.parse(stdout) }).toMatchObject({
    exitCode: 1,
    report: { schema: "runledger.forward/1", forwarded: 7, duplicates: 0, rejected: 2 },
  });
  const incidents = await queryOnce<IncidentRow>(to, INCIDENTS);
  expect(incidents.map(({ reason }) => reason)).toEqual([
    expect.stringContaining("violates check constraint"),
    "no nines",
  ]);
});

test("what other programs wrote into the ledger is forwarded as it is, or refused, never misread", async () => {
  const to = await newUrl();
  const from = ledgerIn(folder, "odd");
  fillLedger(from, "odd", 9, () => ({ models: null, costUsd: 0.18611290000000003 }));
  const set = (number: number, column: string, value: string) =>
    read(from, `UPDATE executions SET ${column} = ${value} WHERE id = ${number}`);
  set(1, "created_at", "'yesterday'");
  set(2, "created_at", "1767225600");
  set(3, "created_at", "'2026-01-02 03:04:05'");
  set(4, "input_tokens", "9007199254740993");
  set(5, "input_tokens", "'many'");
  set(6, "repo", "CAST('blob' AS BLOB)");
  set(7, "cost_usd", "x'0102'");
  set(8, "repo", `'{"a", NULL, \\\\"b}'`);
  expect(await forwardOnce({ from, to, logger: recordingLogger() })).toMatchObject({
    forwarded: 5,
    rejected: 4,
  });
  const rows = await queryOnce(
    to,
    `SELECT execution_id, repo, to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.MS') AS at,
       input_tokens::text, cost_usd FROM executions ORDER BY execution_id`,
  );
  expect(rows).toMatchObject([
    { execution_id: "odd-3", at: "2026-01-02 03:04:05.000" },
    { execution_id: "odd-4", input_tokens: "9007199254740993" },
    { execution_id: "odd-6", repo: "blob" },
    { execution_id: "odd-8", repo: `{"a", NULL, \\\\"b}` },
    { execution_id: "odd-9", cost_usd: 0.18611290000000003 },
  ]);
  await expectExactSums(to);
});

test("rows of a program of the earlier design get an identity, and are forwarded", async () => {
  const to = await newUrl();
  const from = ledgerIn(folder, "earlier");
  const insert = () => {
    using database = new Database(from);
    database.run(EARLIER_DESIGN);
    database.run(EARLIER_INSERT, [
      null,
      "o/r",
      1,
      "push",
      "anthropic",
      "m",
      1,
      2,
      0,
      0,
      10,
      0.5,
      "success",
      null,
      null,
      null,
    ]);
  };
  insert();
  expect(await forwardOnce({ from, to })).toMatchObject({ forwarded: 1 });
  insert();
  expect(await forwardOnce({ from, to })).toMatchObject({ forwarded: 1, duplicates: 0 });
  expect(await queryOnce(to, "SELECT num_turns::int, cost_usd FROM executions")).toEqual([
    { num_turns: null, cost_usd: 0.5 },
    { num_turns: null, cost_usd: 0.5 },
  ]);
  await expectExactSums(to);
});

test("an identity that PostgreSQL refuses is in nobody's way", async () => {
  const to = await newUrl();
  const from = ledgerIn(folder, "identity");
  fillLedger(from, "row", 9, (number) =>
    number === 4 || number === 9 ? { executionId: `\0${number}` } : {},
  );
  expect(await forwardOnce({ from, to, logger: recordingLogger() })).toMatchObject({
    forwarded: 7,
    rejected: 2,
  });
  fillLedger(from, "next", 3);
  expect(await forwardOnce({ from, to })).toMatchObject({ forwarded: 3, rejected: 0, behind: 0 });
  expect(await queryOnce(to, "SELECT count(*)::int AS n FROM incidents")).toEqual([{ n: 2 }]);
});

test("what somebody else's unique index refuses is an incident, and no duplicate", async () => {
  const to = await newUrl();
  const from = ledgerIn(folder, "unique");
  fillLedger(from, "first", 1, () => ({ sessionId: "one" }));
  await forwardOnce({ from, to });
  await queryOnce(to, "CREATE UNIQUE INDEX theirs ON executions (session_id)");
  fillLedger(from, "second", 3, (number) => ({ sessionId: number === 2 ? "one" : `${number}` }));
  expect(await forwardOnce({ from, to, logger: recordingLogger() })).toMatchObject({
    ...{ forwarded: 2, duplicates: 0, rejected: 1 },
  });
  const [incident] = await queryOnce<IncidentRow>(to, INCIDENTS);
  expect(incident).toMatchObject({ kind: "rejected", reason: expect.stringContaining("theirs") });
  await expectExactSums(to);
});

test.each(["'NaN'", "9e999"])("a cost of %s, by another program, spoils no sum", async (cost) => {
  const to = await newUrl();
  const from = ledgerIn(folder, `cost-${cost.length}`);
  fillLedger(from, "row", 3, () => ({ costUsd: 1 }));
  read(from, `UPDATE executions SET cost_usd = ${cost} WHERE id = 2`);
  expect(await forwardOnce({ from, to, logger: recordingLogger() })).toMatchObject({
    forwarded: 2,
    rejected: 1,
  });
  expect(await queryOnce(to, "SELECT sum(cost_usd) AS cost FROM usage_daily")).toEqual([{ cost: 2 }]);
});

test("a database that can't represent all text is refused", async () => {
  await queryOnce(
    server.url("postgres"),
    "CREATE DATABASE latin ENCODING 'LATIN1' LOCALE_PROVIDER libc LOCALE 'C' TEMPLATE template0",
  );
  const from = ledgerIn(folder, "latin");
  fillLedger(from, "row", 1);
  await expect(forwardOnce({ from, to: server.url("latin") })).rejects.toMatchObject({
    code: "FORWARD_FAILED",
    message: expect.stringContaining("LATIN1"),
  });
});

test("more incidents than a statement has parameters for are forwarded", async () => {
  const to = await newUrl();
  const from = ledgerIn(folder, "many-incidents");
  fillLedger(from, "row", 1);
  read(
    from,
    `INSERT INTO incidents (at, kind, count, reason) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9500)
     SELECT '2026-01-01 00:00:00.000', 'degraded', 1, i FROM n`,
  );
  expect(await forwardOnce({ from, to, batchSize: 10_000 })).toMatchObject({ incidents: 9_500 });
});

test("the ledger's own incidents are forwarded, each once", async () => {
  const to = await newUrl();
  const from = ledgerIn(folder, "incidents");
  const store = createTelemetryStore({ dbPath: from });
  store.recordIncident({ kind: "rejected", reason: "bad \0 byte", payload: "{}", count: 2 });
  store.recordIncident({ kind: "dropped", reason: "full" });
  store.close();
  expect(await forwardOnce({ from, to, batchSize: 1 })).toMatchObject({ forwarded: 0, incidents: 2 });
  read(from, "UPDATE forward_targets SET last_incident_id = 0");
  expect(await forwardOnce({ from, to })).toMatchObject({ incidents: 0 });
  expect(await queryOnce<IncidentRow>(to, INCIDENTS)).toEqual([
    { kind: "rejected", count: 2, reason: "bad \\u0000 byte", payload: "{}" },
    { kind: "dropped", count: 1, reason: "full", payload: null },
  ] as unknown as IncidentRow[]);
});

/** PostgreSQL would compress a long text that repeats itself to what an index takes. */
function incompressible(length: number): string {
  return Array.from({ length }, () => String.fromCharCode(33 + Math.floor(Math.random() * 90))).join("");
}
