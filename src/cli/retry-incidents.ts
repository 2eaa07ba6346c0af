import { messageOf } from "../describe";
import { RunledgerError } from "../errors";
import { builder } from "../ledger/kysely";
import { toExecutionRow } from "../ledger/row";
import type { NewExecutionRow } from "../ledger/schema";
import { isPoison } from "../ledger/sqlite-errors";
import { toLedgerTime } from "../record/time";
import type { TelemetryRecord } from "../record/types";
import { openLedger } from "../report/database/open-ledger";
import { reading } from "../report/database/snapshot";
import { toIsoTime } from "../report/execution-record";
import { formatJsonLine } from "../report/format/json";
import { formatCount, printable } from "../report/format/values";
import { type IncidentRow, incidentsOf } from "../report/incidents";
import { ledgerFacts } from "../report/ledger-facts";
import { EndedError } from "./failure";
import type { Terminal } from "./terminal";
import { openForWriting } from "./writable-ledger";

/** How many failures are printed one by one. */
const LISTED_FAILURES = 20;

export interface RetryOptions {
  readonly beyondRetention?: true;
  readonly dryRun?: true;
  readonly json?: true;
}

/** Stores a row and removes its incident. Throws if it can't. */
export type Store = (row: NewExecutionRow, incident: IncidentRow) => MaybePromise<"stored" | "duplicate">;
type MaybePromise<Value> = Value | Promise<Value>;

/** Tries to store every rejected record, and reports the outcome. */
export async function retryIncidents(
  dbPath: string,
  options: RetryOptions,
  terminal: Terminal,
): Promise<void> {
  const counts =
    options.dryRun === true
      ? await tryOnly(dbPath, options, terminal)
      : await retryInLedger(dbPath, options, terminal);
  await finishRetry(counts, options, terminal);
}

/** Reports the outcome; exits with 1 if some records are still rejected. */
export async function finishRetry(
  counts: RetryCounts,
  options: RetryOptions,
  terminal: Terminal,
): Promise<void> {
  await terminal.write(options.json === true ? formatJsonLine(counts) : summary(counts, options));
  if (counts.failed > 0) throw new EndedError(1);
}

export interface RetryCounts {
  stored: number;
  duplicates: number;
  failed: number;
}

/** Like {@link retryInLedger}, but only reports what it would do. */
async function tryOnly(
  dbPath: string,
  { beyondRetention }: RetryOptions,
  terminal: Terminal,
): Promise<RetryCounts> {
  await using ledger = await openLedger(dbPath);
  const { purgedBeforeMs } = await reading(ledger, () => ledgerFacts(ledger.db));
  const purgedUpTo =
    purgedBeforeMs === undefined || beyondRetention === true ? "" : toLedgerTime(purgedBeforeMs);
  const store: Store = async ({ created_at, execution_id }) => {
    if (created_at >= purgedUpTo) return "stored";
    const known = ledger.db.selectFrom("executions").select("id").where("execution_id", "=", execution_id);
    if ((await reading(ledger, () => known.executeTakeFirst())) !== undefined) return "duplicate";
    throw new RunledgerError("BEYOND_RETENTION", `It completed at ${created_at}, before the last purge.`);
  };
  return await retryAll(dbPath, store, terminal);
}

async function retryInLedger(
  dbPath: string,
  { beyondRetention }: RetryOptions,
  terminal: Terminal,
): Promise<RetryCounts> {
  using writable = openForWriting(dbPath);
  const { ledger } = writable;
  const store: Store = (row, { id }) => {
    const deletion = builder.deleteFrom("incidents").where("id", "=", id).compile();
    const refuse = (_: NewExecutionRow, error: RunledgerError): never => {
      throw error;
    };
    const { written } = ledger.write([row], [], beyondRetention === true ? "write" : refuse, [deletion]);
    return written > 0 ? "stored" : "duplicate";
  };
  return await retryAll(dbPath, store, terminal);
}

export async function retryAll(dbPath: string, store: Store, terminal: Terminal): Promise<RetryCounts> {
  await using ledger = await openLedger(dbPath);
  const counts = { stored: 0, duplicates: 0, failed: 0 };
  for await (const incidents of incidentsOf(ledger, { kind: "rejected", order: "oldest" })) {
    for (const incident of incidents) {
      try {
        if ((await store(toRow(incident), incident)) === "stored") counts.stored += 1;
        else counts.duplicates += 1;
      } catch (error) {
        if (!(error instanceof RunledgerError || isPoison(error))) throw error;
        counts.failed += 1;
        if (counts.failed <= LISTED_FAILURES)
          terminal.writeError(`incident ${incident.id}: ${printable(messageOf(error))}\n`);
      }
    }
  }
  return counts;
}

/** @throws {RunledgerError} `INVALID_RECORD` */
function toRow({ at, payload }: IncidentRow): NewExecutionRow {
  const value = parse(payload);
  // A record without a time is dated by its incident, as it was rejected soon after it completed.
  const isUndated =
    typeof value === "object" && value !== null && (value as TelemetryRecord).completedAt == null;
  return toExecutionRow((isUndated ? { ...value, completedAt: toIsoTime(at) } : value) as TelemetryRecord);
}

function parse(payload: string | null): unknown {
  try {
    return JSON.parse(payload ?? "");
  } catch {
    return payload;
  }
}

function summary({ stored, duplicates, failed }: RetryCounts, { dryRun }: RetryOptions): string {
  const tried = `${formatCount(stored + duplicates + failed)} tried`;
  if (dryRun === true) {
    return `${tried}: ${formatCount(stored + duplicates)} valid by now, ${formatCount(failed)} not\nNothing was written.\n`;
  }
  return `${tried}: ${formatCount(stored)} stored, ${formatCount(duplicates)} duplicates, ${formatCount(failed)} still rejected\n`;
}
