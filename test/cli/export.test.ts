import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import fc from "fast-check";
import { asyncBufferFromFile, parquetReadObjects } from "hyparquet";
import { run } from "../../src/cli/run";
import { createTelemetryStore } from "../../src/ledger/store";
import type { TelemetryRecord } from "../../src/record/types";
import { openLedger } from "../../src/report/database/open-ledger";
import { printedExecution } from "../../src/report/execution-record";
import { executionsOf } from "../../src/report/executions";
import { executionCompleted } from "../../src/testing";
import { anyRecord } from "../support/arbitraries";
import { commandLine } from "../support/dist";
import { tries } from "../support/effort";
import { fakeTerminal, runCli } from "../support/fake-terminal";
import { EARLIER_DESIGN, EARLIER_INSERT, read } from "../support/ledger";
import { peakMemory } from "../support/peak-memory";
import { tempDir } from "../support/temp-dir";

const MAIN = commandLine();
const folder = tempDir();
let ledgers = 0;

const newPath = () => {
  ledgers += 1;
  return join(folder, `${ledgers}`);
};

function ledgerOf(records: readonly TelemetryRecord[]): string {
  const db = newPath();
  using store = createTelemetryStore({ dbPath: db });
  store.recordMany(records);
  return db;
}

/** The executions of a ledger without the numbers of their rows. */
function rowsOf(db: string): unknown[] {
  return read(db, "SELECT * FROM executions ORDER BY created_at, execution_id").map(({ id, ...row }) => row);
}

/** What `export --format parquet` wrote, in the form of `executions --json`. */
async function parquetOf(db: string): Promise<unknown[]> {
  const file = newPath();
  const { exitCode, err } = await runCli(["export", "--format", "parquet", "--out", file, "--db", db]);
  expect({ exitCode, err }).toEqual({ exitCode: 0, err: "" });
  const rows = await parquetReadObjects({ file: await asyncBufferFromFile(file) });
  return rows.map((row) =>
    Object.fromEntries(
      Object.entries(row).map(([name, value]) => {
        if (typeof value === "bigint") return [name, Number(value)];
        return [name, value instanceof Date ? value.toISOString() : (value ?? null)];
      }),
    ),
  );
}

async function printedOf(db: string): Promise<unknown[]> {
  await using ledger = await openLedger(db);
  const rows = (await Array.fromAsync(executionsOf(ledger, {}, { order: "oldest" }))).flat();
  // Whoever decodes a text of UTF-8 leaves out the mark of its byte order at the beginning; so does the reader here.
  const asDecoded = (value: unknown) => (typeof value === "string" ? value.replace(/^\ufeff/, "") : value);
  return rows.map((row) =>
    Object.fromEntries(
      Object.entries(printedExecution(row)).map(([name, value]) => [name, asDecoded(value)]),
    ),
  );
}

/** Exports a ledger and imports that into a new one. */
async function copy(db: string): Promise<{ readonly copied: string; readonly exported: string }> {
  const copied = newPath();
  const { out: exported } = await runCli(["export", "--db", db]);
  const { exitCode, err } = await runCli(["import", "-", "--db", copied], {
    input: () => new Blob([exported]).stream(),
  });
  expect({ exitCode, err }).toEqual({ exitCode: 0, err: "" });
  return { copied, exported };
}

describe("runledger export", () => {
  test("of any records, imported into a new ledger, gives the same rows", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyRecord, { minLength: 1, maxLength: 20 }), async (records) => {
        const db = ledgerOf(records);
        const { copied } = await copy(db);
        expect(rowsOf(copied)).toEqual(rowsOf(db));
      }),
      { numRuns: tries(15, 100) },
    );
  });

  test("as Parquet, read back, is what --json prints", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyRecord, { maxLength: 20 }), async (records) => {
        const db = ledgerOf(records);
        expect(await parquetOf(db)).toEqual(await printedOf(db));
      }),
      { numRuns: tries(10, 100) },
    );
  });

  test("as Parquet, of more than is written together", async () => {
    const records = Array.from({ length: 5_400 }, (_, index) =>
      executionCompleted({
        stopReason: "x".repeat(1_000),
        completedAt: 1_767_225_600_000 + index * 1_000,
        labels: { team: `t${index % 3}` },
      }),
    );
    const db = ledgerOf(records);
    const rows = await parquetOf(db);
    expect(rows).toHaveLength(5_400);
    expect(rows).toEqual(await printedOf(db));
  });

  test("as Parquet, needs a file to write to", async () => {
    const { exitCode, out, err } = await runCli(["export", "--format", "parquet", "--db", ledgerOf([])]);
    expect({ exitCode, out }).toEqual({ exitCode: 2, out: "" });
    expect(err).toBe(
      "runledger: --format parquet: a Parquet file is no text. Name a file for it with --out.\n",
    );
  });

  test("is oldest first, and leaves out what is unknown", async () => {
    const db = ledgerOf([
      executionCompleted({ executionId: "later", completedAt: "2026-02-01T00:00:00Z" }),
      {
        executionId: "earlier",
        completedAt: "2026-01-01T00:00:00Z",
        repo: "o/r",
        eventType: "push",
        model: "m",
        conclusion: "success",
        costUsd: 0.5,
        costSource: "estimated",
      },
    ]);
    const { out } = await runCli(["export", "--db", db]);
    const [first, second] = out
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(first).toEqual({
      executionId: "earlier",
      completedAt: "2026-01-01T00:00:00.000Z",
      repo: "o/r",
      eventType: "push",
      provider: "anthropic",
      model: "m",
      conclusion: "success",
      costUsd: 0.5,
      costSource: "estimated",
    });
    expect(second).toMatchObject({ executionId: "later", inputTokens: 1_200 });
  });

  test("takes filters, writes CSV, and counts on a terminal", async () => {
    const db = ledgerOf([executionCompleted({ repo: "a/b" }), executionCompleted({ repo: "c/d" })]);
    const { out, err } = await runCli(["export", "--format", "csv", "--repo", "c/*", "--db", db], {
      isErrorTerminal: true,
    });
    expect(out.trim().split("\r\n")).toHaveLength(2);
    expect(out).toContain(",c/d,");
    expect(err).toBe("\r1 execution\x1b[K\r\x1b[K");
  });

  test("a filter that is wrong leaves no file behind", async () => {
    const file = newPath();
    const wrong = ["--since", "2026-03-03", "--until", "2026-03-01"];
    const { exitCode } = await runCli(["export", "--db", ledgerOf([]), "--out", file, ...wrong]);
    expect(exitCode).toBe(2);
    expect(existsSync(file)).toBe(false);
  });

  test("--out makes a file that only its owner can read, and never overwrites one", async () => {
    const db = ledgerOf([executionCompleted()]);
    const file = newPath();
    expect(await runCli(["export", "--db", db, "--out", file])).toEqual({ exitCode: 0, out: "", err: "" });
    expect(readFileSync(file, "utf8")).toBe((await runCli(["export", "--db", db])).out);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const before = readFileSync(db);
    const { exitCode, err } = await runCli(["export", "--db", db, "--out", db]);
    expect(exitCode).toBe(2);
    expect(err).toBe(`runledger: ${db} exists already. Name another file, or remove it.\n`);
    expect(readFileSync(db)).toEqual(before);
    expect((await runCli(["export", "--db", db, "--out", join(file, "x")])).err).toMatch(
      /^runledger: Can't create .*: ENOTDIR\.\n$/,
    );
  });

  test("--out gives the file its name only when it is whole", async () => {
    const db = ledgerOf(Array.from({ length: 2_500 }, () => executionCompleted()));
    const file = newPath();
    const seen: string[][] = [];
    const terminal = fakeTerminal({
      isErrorTerminal: true,
      writeError: () =>
        seen.push(readdirSync(dirname(file)).filter((name) => name.startsWith(basename(file)))),
    });
    expect(await run(["export", "--db", db, "--out", file], terminal)).toBe(0);
    const partial = expect.stringMatching(/\.partial-[\w-]+$/);
    expect(seen[0]).toEqual([partial]);
    expect(seen.at(-1)).toEqual([basename(file)]);

    const other = newPath();
    const interrupted = fakeTerminal({ isErrorTerminal: true, writeError: () => interrupted.interrupt() });
    expect(await run(["export", "--db", db, "--out", other], interrupted)).toBe(130);
    expect(readdirSync(dirname(other)).filter((name) => name.startsWith(basename(other)))).toEqual([]);
  });

  test("of the earlier design gives records that can be imported, again and again", async () => {
    const db = newPath();
    using earlier = new Database(db);
    earlier.run(EARLIER_DESIGN);
    const values = [
      null,
      "o/r",
      7,
      "push",
      "anthropic",
      "m",
      10,
      20,
      0,
      0,
      5,
      0.5,
      "success",
      "s",
      null,
      null,
    ];
    earlier.run(EARLIER_INSERT, values);
    earlier.run(EARLIER_INSERT, values);
    const { copied, exported } = await copy(db);
    expect(
      read(copied, "SELECT repo, input_tokens, cost_usd, usage_source, cost_source FROM executions"),
    ).toEqual([
      { repo: "o/r", input_tokens: 10, cost_usd: 0.5, usage_source: "reported", cost_source: "reported" },
      { repo: "o/r", input_tokens: 10, cost_usd: 0.5, usage_source: "reported", cost_source: "reported" },
    ]);
    const again = await runCli(["import", "-", "--db", copied], {
      input: () => new Blob([exported]).stream(),
    });
    expect(again.out).toStartWith("2 read: 0 written, 2 duplicates");
    expect(read(db, "SELECT name FROM sqlite_schema WHERE name = 'ledger'")).toEqual([]);
  });

  test("of nothing is nothing, or a header", async () => {
    const db = ledgerOf([]);
    expect((await runCli(["export", "--db", db])).out).toBe("");
    expect((await runCli(["export", "--db", db, "--format", "csv"])).out).toStartWith("id,executionId,");
  });
});

describe("memory", () => {
  const ROW_BYTES = 1_000;

  /** A ledger of executions that are about a kilobyte each. */
  function largeLedger(rows: number): string {
    const db = ledgerOf([]);
    using database = new Database(db);
    database.run(
      `INSERT INTO executions (created_at, repo, event_type, model, conclusion, execution_id, stop_reason)
       WITH RECURSIVE numbers(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM numbers WHERE i < ?)
       SELECT strftime('%Y-%m-%d %H:%M:%f', 1767225600 + i, 'unixepoch'), 'octo-org/octo-repo', 'push', 'm', 'success',
         'e' || i, printf('%.*c', ?, 'x')
       FROM numbers`,
      [rows, ROW_BYTES],
    );
    return db;
  }

  /** The most memory of a command, the output of which goes through a pipe and into a file. */
  async function peakBytes(args: readonly string[], out = "/dev/null"): Promise<number> {
    const child = Bun.spawn([process.execPath, MAIN, ...args], { stdout: "pipe", stderr: "inherit" });
    const peak = peakMemory(child);
    const file = Bun.file(out).writer();
    for await (const chunk of child.stdout) {
      file.write(chunk);
      await file.flush();
    }
    await file.end();
    expect(await child.exited).toBe(0);
    return peak;
  }

  interface Size {
    readonly rows: number;
    readonly db: string;
    /** Where the export goes, and the import comes from. */
    readonly file: string;
  }
  const sizeOf = (rows: number): Size => ({ rows, db: largeLedger(rows), file: newPath() });
  const ofExport = ({ db, file }: Size) => peakBytes(["export", "--db", db], file);
  const ofParquet = ({ db }: Size) =>
    peakBytes(["export", "--format", "parquet", "--out", newPath(), "--db", db]);
  const ofImport = ({ file }: Size) => peakBytes(["import", file, "--db", newPath()]);

  test("of an export, and of the import of it, does not grow with what is exported", async () => {
    // The few are as much as the largest batch, buffers and garbage take.
    const [few, many] = [sizeOf(25_000), sizeOf(tries(65_000, 110_000))];
    const most = (many.rows - few.rows) * ROW_BYTES * 0.75;
    for (const peakOf of [ofExport, ofParquet, ofImport]) {
      const before = await peakOf(few);
      let growth = Number.POSITIVE_INFINITY;
      // On a busy machine, garbage may be collected late; what does grow with the rows grows every time.
      for (let attempt = 1; growth >= most && attempt <= 3; attempt += 1) {
        growth = (await peakOf(many)) - before;
      }
      expect(growth).toBeLessThan(most);
    }
    expect(statSync(many.file).size).toBeGreaterThan(many.rows * ROW_BYTES);
  });
});
