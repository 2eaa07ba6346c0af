import { Database } from "bun:sqlite";
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { read, USAGE_DAILY, USAGE_FROM_EXECUTIONS } from "./ledger";

/** A folder for a ledger and one for its processes' temporary files, shared with nobody else. */
export interface Place {
  readonly dbPath: string;
  readonly temporary: string;
  /** Of the processes that use the ledger. */
  readonly environment: { readonly TMPDIR: string };
}

let places = 0;

/** A new place in a folder. */
export function newPlace(folder: string): Place {
  places += 1;
  const place = join(folder, `place-${places}`);
  const temporary = join(place, "temporary");
  mkdirSync(join(place, "data"), { recursive: true });
  mkdirSync(temporary);
  return { dbPath: join(place, "data", "telemetry.db"), temporary, environment: { TMPDIR: temporary } };
}

/** The records in the spill files of a ledger, wherever they are. */
export function spilledLines({ dbPath, temporary }: Place): string[] {
  return spillFiles({ dbPath, temporary }).flatMap((path) =>
    readFileSync(path, "utf8")
      .split("\n")
      .filter((line) => line !== ""),
  );
}

/** The spill files of a ledger, beside it and among the temporary files. */
export function spillFiles({ dbPath, temporary }: Pick<Place, "dbPath" | "temporary">): string[] {
  return [dirname(dbPath), temporary].flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => name.includes(".spill.") && name.endsWith(".jsonl"))
      .map((name) => join(folder, name)),
  );
}

/** The number that a query returns. */
export function numberOf(dbPath: string, sql: string): number {
  return Number(Object.values(read(dbPath, sql)[0] ?? {})[0]);
}

export function countRows(dbPath: string): number {
  return numberOf(dbPath, "SELECT count(*) FROM executions");
}

/** The ids of the executions in the ledger, in order. */
export function storedIds(dbPath: string): string[] {
  return read<{ execution_id: string }>(dbPath, "SELECT execution_id FROM executions ORDER BY id").map(
    ({ execution_id }) => execution_id,
  );
}

/** What is wrong with a ledger: damage, or sums that differ from its rows; empty if nothing is. */
export function flawsOf(dbPath: string): unknown[] {
  const damage = read(dbPath, "PRAGMA integrity_check").filter((row) => row["integrity_check"] !== "ok");
  // The cost is a sum of fractions, so only the digits that don't depend on the order of addition are compared.
  const rounded = (sql: string) =>
    read(dbPath, sql).map((row) => JSON.stringify({ ...row, cost_usd: Number(row["cost_usd"]).toFixed(4) }));
  const [sums, expected] = [rounded(USAGE_DAILY), rounded(USAGE_FROM_EXECUTIONS)];
  return [
    ...damage,
    ...sums.filter((sum) => !expected.includes(sum)),
    ...expected.filter((sum) => !sums.includes(sum)),
  ];
}

/** Takes the write lock of a ledger, as another program would, until it is disposed of. */
export function lockLedger(dbPath: string): Disposable {
  const database = new Database(dbPath);
  database.run("PRAGMA busy_timeout = 5000");
  database.run("BEGIN IMMEDIATE");
  return {
    [Symbol.dispose]() {
      database.run("ROLLBACK");
      database.close();
    },
  };
}

/** All files in the ledger's folder, to check that no process left any. */
export function filesBeside(dbPath: string): string[] {
  return existsSync(dirname(dbPath)) ? readdirSync(dirname(dbPath)).sort() : [];
}
