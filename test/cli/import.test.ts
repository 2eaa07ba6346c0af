import { describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { createTelemetryStore } from "../../src/ledger/store";
import { executionCompleted } from "../../src/testing";
import { commandLine } from "../support/dist";
import { runCli } from "../support/fake-terminal";
import { read } from "../support/ledger";
import { countRows, flawsOf, lockLedger } from "../support/place";
import { tempDir } from "../support/temp-dir";

const MAIN = commandLine();
const REAL = resolve(import.meta.dir, "../../../shared/data/executions.jsonl");
const VALID = { repo: "octo-org/octo-repo", eventType: "push", model: "m", conclusion: "success" };
const folder = tempDir();
let files = 0;

function file(text: string): string {
  files += 1;
  const path = join(folder, `records-${files}.jsonl`);
  writeFileSync(path, text);
  return path;
}

function newLedger(): string {
  files += 1;
  return join(folder, `ledger-${files}`, "telemetry.db");
}

const lines = (...records: object[]) => records.map((record) => `${JSON.stringify(record)}\n`).join("");

describe("runledger import", () => {
  test.skipIf(!existsSync(REAL))(
    "takes real executions in once (skipped without ../shared/data)",
    async () => {
      const db = newLedger();
      const first = await runCli(["import", REAL, "--db", db]);
      expect(first).toEqual({
        exitCode: 0,
        out: "5,924 read: 5,924 written, 0 duplicates, 0 rejected\n3 without completedAt: dated at the time of their first import\n",
        err: "",
      });
      const again = await runCli(["import", REAL, "--db", db]);
      expect(again.out).toStartWith("5,924 read: 0 written, 5,924 duplicates, 0 rejected\n");
      expect(
        read(db, "SELECT count(DISTINCT repo) AS repos, round(sum(cost_usd), 4) AS cost FROM executions"),
      ).toEqual([{ repos: 18, cost: 1837.6422 }]);
      expect(flawsOf(db)).toEqual([]);
    },
  );

  test("stores what the good lines say, reports the bad ones, and keeps them as incidents", async () => {
    const db = newLedger();
    const path = file(
      `\ufeff${JSON.stringify({ ...VALID, executionId: "one" })}\r\n\r\n{"repo":"cut in the mid\n[1]\n${lines(
        { ...VALID, executionId: "two", costUsd: -1 },
        { ...VALID, executionId: "three" },
      )}`,
    );
    const { exitCode, out, err } = await runCli(["import", path, "--db", db]);
    expect(out).toBe(
      "5 read: 2 written, 0 duplicates, 3 rejected\n3 without completedAt: dated at the time of their first import\n",
    );
    expect(exitCode).toBe(1);
    const reported = [
      `${path}:3: Invalid record: expected an object, received the string "{\\"repo\\":\\"cut in the mid".`,
      `${path}:4: Invalid record: expected an object, received an array.`,
      `${path}:5: Invalid record: costUsd: expected a finite number, 0 or more, received the number -1.`,
    ];
    expect(err).toBe(reported.map((line) => `${line}\n`).join(""));
    expect(read(db, "SELECT execution_id FROM executions ORDER BY id")).toEqual([
      { execution_id: "one" },
      { execution_id: "three" },
    ]);
    expect(read(db, "SELECT kind, reason, payload FROM incidents ORDER BY id")).toEqual([
      { kind: "rejected", reason: reported[0], payload: '{"repo":"cut in the mid' },
      { kind: "rejected", reason: reported[1], payload: "[1]" },
      {
        kind: "rejected",
        reason: reported[2],
        payload: JSON.stringify({ ...VALID, executionId: "two", costUsd: -1 }),
      },
    ]);
  });

  test("keeps a bad line once, however often and under whatever name its file is imported", async () => {
    const db = newLedger();
    {
      using store = createTelemetryStore({ dbPath: db });
      store.record(executionCompleted({ completedAt: "2020-01-01T00:00:00Z" }));
      store.purgeOlderThan(90);
    }
    const text = `x\nx\n${lines({ repo: "" }, { ...VALID, completedAt: "2019-01-01T00:00:00Z" })}`;
    for (const path of [file(text), file(text)]) {
      const { out } = await runCli(["import", path, "--db", db]);
      expect(out).toStartWith("4 read: 0 written, 0 duplicates, 3 rejected, 1 refused\n");
      expect(read(db, "SELECT payload FROM incidents WHERE payload = 'x'")).toHaveLength(2);
      expect(read(db, "SELECT id FROM incidents")).toHaveLength(4);
    }
    const { out } = await runCli(["import", file("y\n"), "--db", db]);
    expect(out).toStartWith("1 read: 0 written, 0 duplicates, 1 rejected\n");
    expect(read(db, "SELECT id FROM incidents")).toHaveLength(5);
  });

  test("tells twenty of many bad lines", async () => {
    const { exitCode, err } = await runCli(["import", file("x\n".repeat(30)), "--db", newLedger()]);
    expect(exitCode).toBe(1);
    expect(err.trimEnd().split("\n")).toHaveLength(21);
    expect(err).toEndWith("and 10 more: see runledger incidents\n");
  });

  test("gives a record without executionId one of its content, the same the next time", async () => {
    const db = newLedger();
    const path = file(lines(VALID, { ...VALID, costUsd: 1 }, VALID, VALID));
    expect((await runCli(["import", path, "--db", db])).out).toStartWith("4 read: 4 written, 0 duplicates");
    expect((await runCli(["import", path, "--db", db])).out).toStartWith("4 read: 0 written, 4 duplicates");
    const fewer = file(JSON.stringify([VALID, { ...VALID, costUsd: 1 }], undefined, 2));
    expect((await runCli(["import", fewer, "--db", db])).out).toStartWith("2 read: 0 written, 2 duplicates");
  });

  test("takes an array, objects over several lines, standard input, and what executions --json prints", async () => {
    const db = newLedger();
    const array = file(JSON.stringify([{ ...VALID, executionId: "a" }, { ...VALID, executionId: "b" }, 17]));
    const printed = file(lines({ ...VALID, executionId: "c", id: 7, costUsd: null, costSource: "unknown" }));
    const input = new Blob([JSON.stringify({ ...VALID, executionId: "d" }, undefined, 2)]);
    const { out, err } = await runCli(["import", array, printed, "-", "--db", db], {
      input: () => input.stream(),
    });
    expect(out).toStartWith("5 read: 4 written, 0 duplicates, 1 rejected\n");
    expect(err).toBe(`${array}:1: Invalid record: expected an object, received the number 17.\n`);
  });

  test.each(["/dev/null", "/dev/stdin", "-"])("no records in %s are no failure", async (input) => {
    const db = newLedger();
    const child = Bun.spawn([process.execPath, MAIN, "import", input, "--db", db], {
      stdio: [Bun.file("/dev/null"), "pipe", "pipe"],
    });
    const [out, err] = await Promise.all([
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
    ]);
    expect({ out, err, exitCode: await child.exited }).toEqual({
      out: "0 read: 0 written, 0 duplicates, 0 rejected\n",
      err: "",
      exitCode: 0,
    });
    expect(countRows(db)).toBe(0);
  });

  test("takes a pipe by its name", async () => {
    const db = newLedger();
    const script = `"$0" "$1" import <(cat "$2") --db "$3"`;
    const records = file(lines({ ...VALID, executionId: "a" }, { ...VALID, executionId: "b" }));
    const child = Bun.spawn(["bash", "-c", script, process.execPath, MAIN, records, db], { stdout: "pipe" });
    expect(await new Response(child.stdout).text()).toStartWith(
      "2 read: 2 written, 0 duplicates, 0 rejected\n",
    );
  });

  test("says what it did as JSON too", async () => {
    const path = file(lines(VALID, VALID, { repo: "" }));
    const { exitCode, out } = await runCli(["import", path, "--json", "--db", newLedger()]);
    expect(exitCode).toBe(1);
    expect(JSON.parse(out)).toEqual({
      read: 3,
      written: 2,
      duplicates: 0,
      rejected: 1,
      refused: 0,
      undated: 3,
    });
  });

  test("--dry-run says which records are valid, and makes no ledger", async () => {
    const db = newLedger();
    const { exitCode, out, err } = await runCli([
      "import",
      file(lines(VALID, { repo: "" })),
      "--dry-run",
      "--db",
      db,
    ]);
    expect(exitCode).toBe(1);
    expect(out).toBe(
      "2 read: 1 valid, 1 rejected\n2 without completedAt: dated at the time of their first import\nNothing was written.\n",
    );
    expect(err).toContain("jsonl:2: Invalid record: repo: expected a non-empty string");
    expect(existsSync(db)).toBe(false);
  });

  test("refuses what completed before the last purge, until it is told to add it knowingly", async () => {
    const db = newLedger();
    const old = { ...VALID, executionId: "old", completedAt: "2020-01-01T00:00:00Z", costUsd: 1 };
    const older = { ...VALID, executionId: "older", completedAt: "2019-12-31T00:00:00Z", costUsd: 1 };
    using store = createTelemetryStore({ dbPath: db });
    store.recordMany([old, executionCompleted({ executionId: "new" })]);
    store.purgeOlderThan(90);
    const path = file(lines(old, older, { ...VALID, executionId: "newer" }));

    const { exitCode, out, err } = await runCli(["import", path, "--db", db]);
    expect(exitCode).toBe(1);
    expect(out).toStartWith(
      "3 read: 1 written, 0 duplicates, 0 rejected, 2 refused\nRefused: completed before",
    );
    expect(out).toContain("--beyond-retention");
    expect(err).toBe("");
    expect(countRows(db)).toBe(2);

    const added = await runCli(["import", path, "--db", db, "--beyond-retention"]);
    expect(added).toMatchObject({ exitCode: 0 });
    expect(added.out).toStartWith("3 read: 2 written, 1 duplicates, 0 rejected\n");
    // The risk that the help names: the old one was counted, purged, and counted again.
    expect(read(db, "SELECT sum(cost_usd) AS cost FROM usage_daily WHERE day < '2021'")).toEqual([
      { cost: 3 },
    ]);
  });

  test("never purges, however old its records are", async () => {
    const db = newLedger();
    const ancient = { ...VALID, completedAt: "1999-01-01T00:00:00Z" };
    expect((await runCli(["import", file(lines(ancient)), "--db", db])).exitCode).toBe(0);
    expect((await runCli(["import", file(lines(VALID)), "--db", db])).exitCode).toBe(0);
    expect(countRows(db)).toBe(2);
  });

  test("waits for another writer", async () => {
    const db = newLedger();
    createTelemetryStore({ dbPath: db }).close();
    const lock = lockLedger(db);
    // The command waits in its own process: in this one nobody could let the lock go.
    const importing = Bun.spawn([process.execPath, MAIN, "import", file(lines(VALID)), "--db", db], {
      stdout: "pipe",
    });
    await Bun.sleep(300);
    lock[Symbol.dispose]();
    expect(await new Response(importing.stdout).text()).toStartWith("1 read: 1 written");
  });

  test("draws its progress on a terminal, and its reports between", async () => {
    const bad = file("bad");
    const many = file(
      lines(...Array.from({ length: 5_000 }, (_, index) => ({ ...VALID, executionId: `${index}` }))),
    );
    const { err } = await runCli(["import", many, bad, "--db", newLedger()], {
      isErrorTerminal: true,
    });
    expect(err).toContain("█");
    expect(err).toContain("\r\x1b[K");
    expect(err).toContain(`\r\x1b[K${bad}:1: Invalid record`);
    expect(err).toEndWith("\r\x1b[K");
    const stream = () => new Blob([lines(VALID)]).stream();
    const piped = await runCli(["import", "-", "--db", newLedger()], {
      isErrorTerminal: true,
      input: stream,
    });
    expect(piped.err).toContain("B\x1b[K");
  });

  test.each([
    ["a folder", () => folder, /is a folder/],
    ["no file", () => join(folder, "nowhere.jsonl"), /There is no file/],
  ])("is called wrongly with %s, and makes no ledger", async (_, path, message) => {
    const db = newLedger();
    const { exitCode, err } = await runCli(["import", path(), "--db", db]);
    expect(exitCode).toBe(2);
    expect(err).toMatch(message);
    expect(err.trimEnd().split("\n")).toHaveLength(1);
    expect(existsSync(db)).toBe(false);
  });

  test("fails in one line where the ledger can't be made", async () => {
    mkdirSync(join(folder, "a-folder"), { recursive: true });
    const { exitCode, err } = await runCli(["import", file(lines(VALID)), "--db", join(folder, "a-folder")]);
    expect(exitCode).toBe(1);
    expect(err).toMatch(/^runledger: Can't open the ledger .*\n$/);
  });
});
