import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { run } from "../../src/cli/run";
import { createTelemetryStore, type SqliteTelemetryStore } from "../../src/ledger/store";
import { executionCompleted } from "../../src/testing";
import { type FakeTerminal, fakeTerminal, runCli } from "../support/fake-terminal";
import { EARLIER_DESIGN } from "../support/ledger";
import { tempDir } from "../support/temp-dir";

const folder = tempDir();
let ledgers = 0;

function newStore(): { readonly db: string; readonly store: SqliteTelemetryStore } {
  ledgers += 1;
  const db = join(folder, `${ledgers}.db`);
  return { db, store: createTelemetryStore({ dbPath: db }) };
}

/** A ledger of executions `e0`, `e1`, …, an hour apart, every third of which failed. */
function ledgerOf(count: number): string {
  const { db, store } = newStore();
  store.recordMany(
    Array.from({ length: count }, (_, index) =>
      executionCompleted({
        executionId: `e${index}`,
        completedAt: new Date(Date.UTC(2026, 0, 1, index)),
        conclusion: index % 3 === 2 ? "failure" : "success",
        repo: index % 2 === 0 ? "octo-org/even" : "octo-org/odd",
        costUsd: index / 100,
      }),
    ),
  );
  store.close();
  return db;
}

const parsed = (out: string) =>
  out
    .trim()
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));
const idsIn = (out: string) => parsed(out).map(({ executionId }) => executionId);

describe("runledger executions", () => {
  test("prints all as JSON lines, newest first, with every field of a record", async () => {
    const { out, err, exitCode } = await runCli(["executions", "--json", "--db", ledgerOf(60)]);
    expect({ err, exitCode }).toEqual({ err: "", exitCode: 0 });
    expect(idsIn(out)).toEqual(Array.from({ length: 60 }, (_, index) => `e${59 - index}`));
    expect(parsed(out).at(-1)).toEqual({
      id: 1,
      executionId: "e0",
      completedAt: "2026-01-01T00:00:00.000Z",
      repo: "octo-org/even",
      prNumber: 7,
      eventType: "pull_request.opened",
      provider: "anthropic",
      model: "claude-sonnet-4-5",
      conclusion: "success",
      inputTokens: 1_200,
      outputTokens: 340,
      cacheReadTokens: 15_000,
      cacheCreationTokens: 900,
      usageSource: "reported",
      costUsd: 0,
      costSource: "reported",
      durationMs: 8_450,
      numTurns: 3,
      stopReason: "end_turn",
      labels: null,
      sessionId: "session-1",
      deliveryId: "00000000-0000-4000-8000-000000000001",
      models: null,
    });
  });

  test("prints no control character that a terminal may obey", async () => {
    const { db, store } = newStore();
    store.record(executionCompleted({ model: "c1\u009b31m" }));
    store.recordIncident({ kind: "degraded", reason: "c1\u009b31m" });
    store.close();
    for (const command of ["executions", "incidents"]) {
      const { out } = await runCli([command, "--json", "--db", db]);
      expect(out).toContain('"c1\\u009b31m"');
    }
  });

  test("takes filters, --failed and --limit", async () => {
    const db = ledgerOf(12);
    const ids = async (...args: string[]) =>
      idsIn((await runCli(["executions", "--json", "--db", db, ...args])).out);
    expect(await ids("--failed")).toEqual(["e11", "e8", "e5", "e2"]);
    expect(await ids("--failed", "--repo", "octo-org/od*", "--limit", "1")).toEqual(["e11"]);
    expect(await ids("--since", "2026-01-01T10:00:00Z")).toEqual(["e11", "e10"]);
    expect(await ids("--until", "2026-01-01", "--tz", "America/New_York")).toEqual([
      "e4",
      "e3",
      "e2",
      "e1",
      "e0",
    ]);
    expect(await ids("--limit", "0")).toEqual([]);
    expect(await ids("--model", "another")).toEqual([]);
  });

  test("shows the latest fifty in a table", async () => {
    const { out } = await runCli(["executions", "--db", ledgerOf(60)]);
    const [head, rule, first] = out.split("\n");
    expect(head).toStartWith("completed (UTC)   repo           ");
    expect(rule).toMatch(/^─+( {2}─+)+$/);
    expect(first).toStartWith("2026-01-03 11:00  octo-org/odd");
    expect(out.match(/2026-01-/g)).toHaveLength(50);
    expect(out.split("\n").every((line) => Bun.stringWidth(line) <= 80)).toBe(true);
    expect(out).toEndWith(": --json has all.\n");
  });

  test("shows its times in the zone of --tz, and says which that is", async () => {
    const { db, store } = newStore();
    store.record(executionCompleted({ completedAt: "2026-03-28T23:30:00Z" }));
    store.record(executionCompleted({ completedAt: "2026-03-29T01:30:00Z" }));
    store.close();
    const { out } = await runCli(["executions", "--db", db, "--tz", "europe/berlin"], { columns: 200 });
    const [head, , ...rows] = out.split("\n");
    expect(head).toStartWith("completed (Europe/Berlin)  repo");
    expect(rows.map((row) => row.slice(0, 16)).slice(0, 2)).toEqual(["2026-03-29 03:30", "2026-03-29 00:30"]);
  });

  test("shows a time that is none as it is, in every zone", async () => {
    const { db, store } = newStore();
    store.record(executionCompleted({ executionId: "odd" }));
    store.close();
    using database = new Database(db);
    database.run("UPDATE executions SET created_at = 'yesterday'");
    for (const zone of ["UTC", "Asia/Kathmandu"]) {
      const { out } = await runCli(["executions", "--db", db, "--tz", zone], { columns: 200 });
      expect(out.split("\n")[2]).toStartWith("yesterday ");
    }
  });

  test("takes several names and globs of each kind", async () => {
    const { db, store } = newStore();
    const models = ["claude-a", "claude-b", "gpt-a", "o4"];
    store.recordMany(
      models.map((model) => executionCompleted({ executionId: model, model, provider: model.slice(0, 1) })),
    );
    store.close();
    const ids = async (...args: string[]) =>
      idsIn((await runCli(["executions", "--json", "--db", db, ...args])).out).sort();
    expect(await ids("--model", "claude-*")).toEqual(["claude-a", "claude-b"]);
    expect(await ids("--model", "claude-a", "o?")).toEqual(["claude-a", "o4"]);
    expect(await ids("--model", "claude-a", "--model", "*-a")).toEqual(["claude-a", "gpt-a"]);
    expect(await ids("--model=*-a", "--provider", "g", "o")).toEqual(["gpt-a"]);
    const { exitCode, err } = await runCli(["executions", "--db", db, "--model", "a", ""]);
    expect({ exitCode, err }).toEqual({
      exitCode: 2,
      err: "runledger: Invalid filter: model: expected a non-empty string, or several, received an array.\n",
    });
  });

  test("shows estimates, and what nobody knows, as such", async () => {
    const { db, store } = newStore();
    store.recordMany([
      executionCompleted({ costUsd: 0.5, costSource: "estimated" }),
      { repo: "o/r", eventType: "push", model: "m", conclusion: "failure" },
    ]);
    store.close();
    const plain = await runCli(["executions", "--db", db], { columns: 200 });
    expect(plain.out).toMatch(/octo-repo#7 .* ~0\.5000 +8\.5 s +3 +1,200 +15,000 +340 {2}\S+\n/);
    expect(plain.out).toMatch(/o\/r +push .* failure +– +– +– +– +– +– {2}\S+\n/);
    expect(plain.out).not.toContain("\x1b");
    const colored = await runCli(["executions", "--db", db], { columns: 200, hasColor: true });
    expect(colored.out).toContain("\x1b[31mfailure");
  });

  test("prints CSV, of which the header is there without rows too", async () => {
    const { out } = await runCli(["executions", "--csv", "--db", ledgerOf(3)]);
    const [header, first] = out.split("\r\n");
    expect(header).toStartWith(
      "id,executionId,completedAt,repo,prNumber,eventType,provider,model,conclusion,inputTokens",
    );
    expect(first).toStartWith(
      "3,e2,2026-01-01T02:00:00.000Z,octo-org/even,7,pull_request.opened,anthropic,claude-sonnet-4-5,failure,1200,340",
    );
    const none = await runCli(["executions", "--csv", "--db", ledgerOf(0)]);
    expect(none.out).toBe(`${header}\r\n`);
  });

  test.each([0, 1])("works on %d executions", async (count) => {
    const db = ledgerOf(count);
    expect((await runCli(["executions", "--db", db])).out).toStartWith(
      count === 0 ? "No execution matches.\n" : "completed",
    );
    expect(idsIn((await runCli(["executions", "--json", "--db", db])).out)).toHaveLength(count);
  });
});

/** Follows a ledger until `until` is in what it printed; meanwhile does something. */
async function follow(
  db: string,
  args: readonly string[],
  meanwhile: (terminal: FakeTerminal) => Promise<void>,
) {
  const terminal = fakeTerminal();
  const ended = run(["executions", "--follow", "--db", db, ...args], terminal);
  await meanwhile(terminal);
  terminal.interrupt();
  return { exitCode: await ended, out: terminal.out, err: terminal.err };
}

async function untilPrinted(terminal: FakeTerminal, text: string): Promise<void> {
  while (!terminal.out.includes(text)) {
    if (terminal.err !== "") throw new Error(terminal.err);
    await Bun.sleep(10);
  }
}

describe("runledger executions --follow", () => {
  test("prints the latest, oldest first, then what is committed, each once", async () => {
    const db = ledgerOf(15);
    using store = createTelemetryStore({ dbPath: db });
    const { exitCode, out, err } = await follow(db, ["--json"], async (terminal) => {
      await untilPrinted(terminal, '"e14"');
      // One that completed long ago is new all the same.
      store.record(executionCompleted({ executionId: "new-1", completedAt: "2001-01-01T00:00:00Z" }));
      await untilPrinted(terminal, "new-1");
      store.record(executionCompleted({ executionId: "new-2" }));
      await untilPrinted(terminal, "new-2");
    });
    expect({ exitCode, err }).toEqual({ exitCode: 0, err: "" });
    expect(idsIn(out)).toEqual([
      ...Array.from({ length: 10 }, (_, index) => `e${index + 5}`),
      "new-1",
      "new-2",
    ]);
  });

  test("takes filters and a limit, and keeps the columns of its table", async () => {
    const db = ledgerOf(15);
    using store = createTelemetryStore({ dbPath: db });
    const { out } = await follow(db, ["--failed", "--limit", "2"], async (terminal) => {
      await untilPrinted(terminal, "14:00");
      store.record(executionCompleted({ conclusion: "success" }));
      store.record(
        executionCompleted({ conclusion: "timed_out", repo: "another/repository-with-a-longer-name" }),
      );
      await untilPrinted(terminal, "timed_out");
    });
    expect(out.match(/completed/g)).toHaveLength(1);
    expect(out.match(/failure/g)).toHaveLength(2);
    expect(out).not.toContain("success");
    expect(out.split("\n").filter((line) => line.startsWith("20"))).toHaveLength(3);
  });

  test("begins on an empty ledger", async () => {
    const { db, store } = newStore();
    const { out } = await follow(db, ["--csv"], async (terminal) => {
      await untilPrinted(terminal, "deliveryId");
      store.record(executionCompleted({ executionId: "first" }));
      await untilPrinted(terminal, "first");
    });
    store.close();
    expect(out.trim().split("\r\n")).toHaveLength(2);
  });

  test("goes on when the ledger was away for a while", async () => {
    const db = ledgerOf(1);
    const { exitCode, out } = await follow(db, ["--json"], async (terminal) => {
      await untilPrinted(terminal, "e0");
      renameSync(db, `${db}.away`);
      await Bun.sleep(700);
      renameSync(`${db}.away`, db);
      using store = createTelemetryStore({ dbPath: db });
      store.record(executionCompleted({ executionId: "back" }));
      await untilPrinted(terminal, "back");
    });
    expect(exitCode).toBe(0);
    expect(idsIn(out)).toEqual(["e0", "back"]);
  });

  test("goes on where it was when a database of the earlier design is upgraded in place", async () => {
    const db = join(folder, "earlier.db");
    using earlier = new Database(db);
    earlier.run(EARLIER_DESIGN);
    earlier.run(
      "INSERT INTO executions (repo, event_type, model, conclusion) VALUES ('o/r', 'push', 'm', 'success')",
    );
    const { exitCode, out } = await follow(db, ["--json"], async (terminal) => {
      await untilPrinted(terminal, '"push"');
      using store = createTelemetryStore({ dbPath: db });
      store.record(executionCompleted({ executionId: "new" }));
      await untilPrinted(terminal, '"new"');
    });
    expect(exitCode).toBe(0);
    expect(parsed(out).map(({ id }) => id)).toEqual([1, 2]);
  });

  test("shows all of another ledger that takes its place", async () => {
    const db = ledgerOf(15);
    const { exitCode, out } = await follow(db, ["--json", "--limit", "1"], async (terminal) => {
      await untilPrinted(terminal, '"e14"');
      renameSync(ledgerOf(2), db);
      await untilPrinted(terminal, '"e1"');
    });
    expect(exitCode).toBe(0);
    expect(idsIn(out)).toEqual(["e14", "e0", "e1"]);
  });

  test("ends when the ledger can't be read any more", async () => {
    const db = ledgerOf(1);
    const terminal = fakeTerminal();
    const ended = run(["executions", "--follow", "--db", db], terminal);
    await untilPrinted(terminal, "2026");
    rmSync(db);
    await Bun.write(db, "no database at all, ".repeat(1_000));
    expect(await ended).toBe(1);
    expect(terminal.err).toMatch(/^runledger: Can't open the ledger .*\n$/);
  });
});
