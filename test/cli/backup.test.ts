import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import {
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { createTelemetryStore } from "../../src/ledger/store";
import { executionCompleted } from "../../src/testing";
import { runCli } from "../support/fake-terminal";
import { EARLIER_DESIGN, EARLIER_INSERT, read } from "../support/ledger";
import { tempDir } from "../support/temp-dir";

const folder = tempDir();
let places = 0;

/** A ledger in a folder of its own. */
function newLedger(...executionIds: string[]): string {
  places += 1;
  const db = join(folder, `${places}`, "telemetry.db");
  add(db, ...executionIds);
  return db;
}

function add(db: string, ...executionIds: string[]): void {
  using store = createTelemetryStore({ dbPath: db });
  store.recordMany(executionIds.map((executionId) => executionCompleted({ executionId })));
}

function idsIn(db: string): unknown[] {
  return read(db, "SELECT execution_id FROM executions ORDER BY id").map((row) => row["execution_id"]);
}

function filesBeside(path: string): string[] {
  return readdirSync(dirname(path)).toSorted();
}

const ok = { exitCode: 0, err: "" };

describe("runledger backup", () => {
  test("makes a whole ledger that only its owner reads, also while one is written", async () => {
    const db = newLedger("a");
    using store = createTelemetryStore({ dbPath: db });
    store.record(executionCompleted({ executionId: "in the -wal" }));
    const backup = join(dirname(db), "backup.db");
    const { out, ...end } = await runCli(["backup", backup, "--db", db]);
    expect(end).toEqual(ok);
    expect(out).toMatch(/^2 executions, \d.* kB\n$/);
    expect(statSync(backup).mode & 0o777).toBe(0o600);
    expect(idsIn(backup)).toEqual(["a", "in the -wal"]);
    expect((await runCli(["doctor", "--db", backup])).exitCode).toBe(0);
    expect(read(backup, "PRAGMA auto_vacuum")).toEqual(read(db, "PRAGMA auto_vacuum"));
  });

  test("overwrites nothing, least of all the ledger", async () => {
    const db = newLedger("a");
    const other = join(dirname(db), "other");
    writeFileSync(other, "of somebody else");
    for (const file of [db, other]) {
      const { exitCode, err } = await runCli(["backup", file, "--db", db]);
      expect({ exitCode, err }).toEqual({
        exitCode: 2,
        err: `runledger: ${file} exists already. Name another file, or remove it.\n`,
      });
    }
    expect(readFileSync(other, "utf8")).toBe("of somebody else");
    expect(idsIn(db)).toEqual(["a"]);
  });

  test("leaves nothing when there is no ledger, or it was interrupted", async () => {
    const db = newLedger("a");
    const backup = join(dirname(db), "backup.db");
    expect((await runCli(["backup", backup, "--db", `${db}.nowhere`])).exitCode).toBe(1);
    const interrupted = await runCli(["backup", backup, "--db", db], {
      interruption: () => AbortSignal.abort(),
    });
    expect(interrupted.exitCode).toBe(130);
    expect(filesBeside(db)).toEqual(["telemetry.db"]);
  });
});

describe("runledger restore", () => {
  test("puts a copy of the backup in place, keeps what was there, and says how to join the two", async () => {
    const db = newLedger("a");
    const backup = join(dirname(db), "backup.db");
    await runCli(["backup", backup, "--db", db]);
    add(db, "later");
    const { out, ...end } = await runCli(["restore", backup, "--db", db]);
    expect(end).toEqual(ok);
    const [, kept = ""] = /^1 execution restored to .*\nkept: (.*)\n/.exec(out) ?? [];
    expect(idsIn(db)).toEqual(["a"]);
    expect(idsIn(kept)).toEqual(["a", "later"]);
    expect(idsIn(backup)).toEqual(["a"]);
    expect(statSync(db).mode & 0o777).toBe(0o600);

    const saved = join(dirname(db), "saved.jsonl");
    await runCli(["export", "--db", kept, "--out", saved]);
    await runCli(["import", saved, "--db", db]);
    expect(idsIn(db)).toEqual(["a", "later"]);
    expect((await runCli(["doctor", "--db", db])).exitCode).toBe(0);
  });

  test.each(["an application", "a reader"])("refuses while %s has the ledger open", async (who) => {
    const db = newLedger("a", "b");
    const backup = newLedger("a");
    using open = who === "a reader" ? new Database(db) : createTelemetryStore({ dbPath: db });
    if (open instanceof Database) open.query("SELECT * FROM executions").all();
    else open.record(executionCompleted({ executionId: "c" }));
    const before = filesBeside(db);
    const { exitCode, err } = await runCli(["restore", backup, "--db", db]);
    expect({ exitCode, err }).toEqual({
      exitCode: 1,
      err: `runledger: A program has the ledger ${db} open. Stop the application that writes it, and whatever reads it; then try again.\n`,
    });
    expect(filesBeside(db)).toEqual(before);
    expect(idsIn(db)).toEqual(who === "a reader" ? ["a", "b"] : ["a", "b", "c"]);
  });

  test("makes the ledger, and its folder, where there is none; a -wal from before isn't read into it", async () => {
    const backup = newLedger("a");
    const db = join(folder, "new", "telemetry.db");
    expect(await runCli(["restore", backup, "--db", db])).toEqual({
      ...ok,
      out: `1 execution restored to ${db}\n`,
    });
    expect(idsIn(db)).toEqual(["a"]);

    const other = newLedger("x");
    {
      using store = createTelemetryStore({ dbPath: other });
      store.record(executionCompleted({ executionId: "y" }));
      copyFileSync(`${other}-wal`, `${db}-wal`);
    }
    rmSync(db);
    expect((await runCli(["restore", backup, "--db", db])).exitCode).toBe(0);
    expect(idsIn(db)).toEqual(["a"]);
    expect(filesBeside(db)).toEqual([
      "telemetry.db",
      expect.stringMatching(/^telemetry\.db\.before-restore-.*-wal$/),
    ]);
  });

  test("takes the place of a damaged ledger", async () => {
    const backup = newLedger("a");
    const db = newLedger("b");
    writeFileSync(db, "no database at all, ".repeat(1_000));
    writeFileSync(`${db}-wal`, "nor this");
    const { out, ...end } = await runCli(["restore", backup, "--db", db]);
    expect(end).toEqual(ok);
    const [, kept = ""] = /kept: (.*)\n/.exec(out) ?? [];
    expect(readFileSync(kept, "utf8")).toStartWith("no database at all");
    expect(readFileSync(`${kept}-wal`, "utf8")).toBe("nor this");
    expect(idsIn(db)).toEqual(["a"]);
    const others = filesBeside(db).filter((name) => !name.startsWith("telemetry.db.before-restore-"));
    expect(others).toEqual(["telemetry.db"]);
  });

  test("follows a symbolic link, and leaves it one", async () => {
    const backup = newLedger("a");
    const target = newLedger("b");
    const db = join(folder, "links", "telemetry.db");
    mkdirSync(dirname(db));
    symlinkSync(target, db);
    expect((await runCli(["restore", backup, "--db", db])).exitCode).toBe(0);
    expect(idsIn(target)).toEqual(["a"]);
    expect(filesBeside(db)).toEqual(["telemetry.db"]);
    expect(filesBeside(target)).toEqual([
      "telemetry.db",
      expect.stringMatching(/^telemetry\.db\.before-restore-/),
    ]);
  });

  test("brings a backup of an older schema up to date", async () => {
    const earlier = join(folder, "earlier.db");
    using database = new Database(earlier);
    database.run(EARLIER_DESIGN);
    const values = [null, "o/r", 7, "push", "anthropic", "m", 10, 20, 0, 0, 5, 0.5, "success", "s", 1, null];
    database.run(EARLIER_INSERT, values);
    const db = newLedger("b");
    const { out, ...end } = await runCli(["restore", earlier, "--db", db]);
    expect(end).toEqual(ok);
    expect(out).toStartWith("1 execution restored");
    expect((await runCli(["doctor", "--db", db])).exitCode).toBe(0);
  });

  test.each<[string, (backup: string) => void, RegExp]>([
    ["is missing", (backup) => rmSync(backup), /There is no ledger at/],
    ["is empty", (backup) => writeFileSync(backup, ""), /it is empty/],
    ["is no database", (backup) => writeFileSync(backup, "x".repeat(5_000)), /file is not a database/],
    [
      "belongs to another program",
      (backup) => {
        rmSync(backup);
        using database = new Database(backup);
        database.run("CREATE TABLE t (x)");
      },
      /is the database of another program/,
    ],
    [
      "is of a newer Runledger",
      (backup) => {
        using database = new Database(backup);
        database.run("PRAGMA user_version = 99");
      },
      /schema version 99/,
    ],
    [
      "is damaged",
      (backup) => {
        const bytes = readFileSync(backup);
        bytes.fill(0x5a, 4096 * 8, 4096 * 11);
        writeFileSync(backup, bytes);
      },
      /damaged|malformed/,
    ],
  ])("leaves all as it is when the backup %s", async (_, spoil, message) => {
    const db = newLedger("b");
    const backup = newLedger("a");
    spoil(backup);
    const { exitCode, err } = await runCli(["restore", backup, "--db", db]);
    expect(exitCode).toBe(1);
    expect(err).toMatch(message);
    expect(err.match(/\n/g)).toHaveLength(1);
    expect(filesBeside(db)).toEqual(["telemetry.db"]);
    expect(idsIn(db)).toEqual(["b"]);
  });
});
