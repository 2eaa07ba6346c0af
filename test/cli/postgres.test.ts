import { beforeAll, expect, test } from "bun:test";
import { join } from "node:path";
import { run } from "../../src/cli/run";
import { forwardOnce } from "../../src/forward/forward-ledger";
import { createTelemetryStore } from "../../src/ledger/store";
import { toLedgerTime } from "../../src/record/time";
import { executionCompleted } from "../../src/testing";
import { fakeTerminal, runCli } from "../support/fake-terminal";
import { usePostgres } from "../support/postgres";
import { queryOnce } from "../support/postgres-server";
import { tempDir } from "../support/temp-dir";

const DAY_MS = 86_400_000;
const postgres = usePostgres();
const dir = tempDir();
const dbPath = join(dir, "ledger.db");
let url = "";

beforeAll(async () => {
  using store = createTelemetryStore({ dbPath });
  const now = Date.now();
  store.recordMany(
    Array.from({ length: 40 }, (_, index) =>
      executionCompleted({ executionId: `run-${index}`, completedAt: now - index * 10 * DAY_MS, costUsd: 1 }),
    ),
  );
  store.recordIncident({ kind: "degraded", reason: "for the test" });
  url = postgres.url(await postgres.createDatabase());
  await forwardOnce({ from: dbPath, to: url });
});

const onPostgres = (...args: readonly string[]) => runCli([...args, "--db", url]);

test("report, executions, export and incidents print what they print of the file", async () => {
  for (const args of [
    ["report", "--since", "2000-01-01", "--by", "month,model", "--csv"],
    ["executions", "--csv", "--limit", "7"],
    ["export"],
    ["incidents", "--json"],
  ]) {
    const [ofFile, ofServer] = [await runCli([...args, "--db", dbPath]), await onPostgres(...args)];
    const comparable = ({ out, err, exitCode }: typeof ofFile) => ({
      out: out.replace(/"id":\d+,?/g, "").replace(/^\d+,/gm, ""),
      err,
      exitCode,
    });
    expect(comparable(ofServer)).toEqual(comparable(ofFile));
    expect(ofServer.out.length).toBeGreaterThan(50);
  }
});

test("a report by ledger, and no password in what is printed", async () => {
  const { out, exitCode } = await onPostgres("report", "--by", "ledger", "--json");
  expect(exitCode).toBe(0);
  const { groups, ledger } = JSON.parse(out);
  expect(groups).toMatchObject([{ executions: 40, costUsd: 40 }]);
  expect(ledger).toBe(`postgres://127.0.0.1:${postgres.port}/${new URL(url).pathname.slice(1)}?public`);
});

test("--follow shows what is forwarded meanwhile, also what is committed late, once", async () => {
  const terminal = fakeTerminal();
  const interruption = new AbortController();
  const ended = run(["executions", "--follow", "--json", "--limit", "1", "--db", url], {
    ...terminal,
    write: terminal.write,
    interruption: () => interruption.signal,
  });
  const shown = () =>
    terminal.out
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line).executionId);
  const until = async (count: number) => {
    while (shown().length < count) await Bun.sleep(20);
  };
  await until(1);
  // An id that was drawn earlier than those above it, and is committed later.
  const copy = (executionId: string, id: string) => `
    INSERT INTO executions OVERRIDING SYSTEM VALUE SELECT '${executionId}', ${id}, ledger_id, now(), delivery_id, repo, pr_number,
    event_type, provider, model, input_tokens, output_tokens, cache_read_tokens, cache_creation_tokens, duration_ms, cost_usd,
    conclusion, session_id, num_turns, stop_reason, usage_source, cost_source FROM executions WHERE execution_id = 'run-0'`;
  await queryOnce(url, copy("early", "1002"));
  await until(2);
  await queryOnce(url, copy("late", "1001"));
  await until(3);
  await queryOnce(url, copy("last", "1003"));
  await until(4);
  interruption.abort();
  expect(await ended).toBe(0);
  expect(shown()).toEqual(["run-0", "early", "late", "last"]);
  await queryOnce(url, "DELETE FROM executions WHERE id > 1000");
});

test("doctor finds what is wrong with the sums", async () => {
  const well = await onPostgres("doctor");
  expect(well.out).toContain("forwarding: from 1 ledger");
  expect(well.out).toContain("sums per day: right");
  expect(well.out).not.toContain("problem");
  expect(well.exitCode).toBe(0);
  await queryOnce(
    url,
    "UPDATE usage_daily SET executions = executions + 1 WHERE day = (SELECT max(day) FROM usage_daily)",
  );
  const ill = await onPostgres("doctor", "--json");
  expect(ill.exitCode).toBe(1);
  const { ok, findings } = JSON.parse(ill.out);
  expect(ok).toBe(false);
  expect(findings.filter(({ level }: { level: string }) => level === "problem")).toMatchObject([
    { check: "sums per day", message: expect.stringContaining(toLedgerTime(Date.now()).slice(0, 4)) },
  ]);
  expect((await onPostgres("doctor", "--quick")).exitCode).toBe(0);
  await queryOnce(
    url,
    "UPDATE usage_daily SET executions = executions - 1 WHERE day = (SELECT max(day) FROM usage_daily)",
  );
});

test("purge deletes the old ones, keeps the sums, and what was purged doesn't come back", async () => {
  const count = async () => (await queryOnce(url, "SELECT count(*)::int AS n FROM executions"))[0]?.["n"];
  expect((await onPostgres("purge", "--older-than", "95d", "--dry-run")).out).toBe(
    "30 executions and 0 incidents would be deleted\nNothing was deleted.\n",
  );
  expect(await count()).toBe(40);
  expect((await onPostgres("purge", "--older-than", "95d")).out).toBe("30 executions purged\n");
  expect(await count()).toBe(10);
  const { out } = await onPostgres("report", "--since", "2000-01-01", "--json", "--by", "month");
  const { totals, notes, purgedBefore } = JSON.parse(out);
  expect(totals).toMatchObject({ executions: 40, costUsd: 40, durationSample: 10 });
  expect(notes.length).toBeGreaterThan(0);
  expect(Date.parse(purgedBefore)).toBeLessThan(Date.now() - 95 * DAY_MS);
  expect((await onPostgres("doctor")).exitCode).toBe(0);

  // The ledger is sent anew from its beginning: what was counted and purged must not be counted again.
  await queryOnce(url, "UPDATE forward_sources SET last_id = 0, last_execution_id = NULL");
  await forwardOnce({ from: dbPath, to: url });
  expect(await count()).toBe(10);
  const again = await onPostgres("report", "--since", "2000-01-01", "--json", "--by", "month");
  expect(JSON.parse(again.out).totals).toMatchObject({ executions: 40, costUsd: 40 });
});

test("forward shows how far it is on a terminal, and asks for a URL that is missing", async () => {
  const target = postgres.url(await postgres.createDatabase());
  const shown = await runCli(["forward", "--from", dbPath, "--to", target, "--batch-size", "5"], {
    isErrorTerminal: true,
  });
  expect({ exitCode: shown.exitCode, out: shown.out }).toEqual({
    exitCode: 0,
    out: expect.stringContaining("40 forwarded, 0 already there, 0 rejected"),
  });
  expect(shown.err).not.toContain("not-a-secret");
  const { exitCode, err } = await runCli(["forward", "--from", dbPath]);
  expect({ exitCode, lines: err.trimEnd().split("\n").length }).toEqual({ exitCode: 2, lines: 1 });
  expect(err).toContain("RUNLEDGER_FORWARD_URL");
});

test("a command that needs a file says so", async () => {
  const { exitCode, err } = await onPostgres("checkpoint");
  expect({ exitCode, lines: err.trimEnd().split("\n").length }).toEqual({ exitCode: 2, lines: 1 });
  expect(err).not.toContain("not-a-secret");
});

test("a database without a ledger, and one that is not there, are told apart", async () => {
  const empty = await runCli(["report", "--db", postgres.url(await postgres.createDatabase())]);
  expect({ exitCode: empty.exitCode, err: empty.err }).toEqual({
    exitCode: 1,
    err: expect.stringMatching(/^runledger: There is no ledger in .*\n$/),
  });
  const absent = await runCli(["report", "--db", postgres.url("nowhere"), "--json"]);
  expect(JSON.parse(absent.err)).toMatchObject({ error: { code: "OPEN_FAILED" } });
  expect(empty.err + absent.err).not.toContain("not-a-secret");
});

test("what the server refuses while it is read has a code and a hint, and doctor says it", async () => {
  const login = { user: "half_blind", password: "not-a-secret-either" };
  const database = new URL(url).pathname.slice(1);
  await queryOnce(url, `CREATE ROLE ${login.user} LOGIN PASSWORD '${login.password}'`);
  await queryOnce(url, `GRANT SELECT ON runledger_migration TO ${login.user}`);
  const commands = [
    ["report", "--json"],
    ["executions", "--json"],
    ["export"],
    ["incidents"],
    ["purge", "--older-than", "1d", "--dry-run"],
  ];
  for (const args of commands) {
    const { exitCode, err } = await runCli([...args, "--db", postgres.url(database, login)]);
    expect({ args, exitCode }).toEqual({ args, exitCode: 1 });
    expect(err).toContain("Grant what is missing");
    expect(err).not.toContain(login.password);
    if (err.startsWith("{")) expect(JSON.parse(err).error.code).toBe("STORE_FAILED");
  }
  const { exitCode, out } = await runCli(["doctor", "--json", "--db", postgres.url(database, login)]);
  expect(exitCode).toBe(1);
  expect(JSON.parse(out).findings).toContainEqual(
    expect.objectContaining({
      check: "forwarding",
      level: "problem",
      message: expect.stringContaining("42501"),
    }),
  );
});
