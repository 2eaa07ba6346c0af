import { messageOf } from "../describe";
import { RunledgerError } from "../errors";
import { toExecutionRow } from "../ledger/row";
import { keepPriceList } from "../ledger/statements";
import type { PriceList } from "../prices/price-list";
import type { TelemetryRecord } from "../record/types";
import { openLedger } from "../report/database/open-ledger";
import { incidentsOf } from "../report/incidents";
import { PendingBatch } from "../writer/pending-batch";
import type { SourceRecord } from "./record-source";
import { createOrOpen } from "./writable-ledger";

/** A record, and where it comes from. */
export interface ImportedRecord extends SourceRecord {
  /** The file. */
  readonly name: string;
}

/** The outcome of an import. */
export interface ImportCounts {
  /** The sum of the next four. */
  read: number;
  /** New in the ledger; in a dry run: valid. */
  written: number;
  duplicates: number;
  /** Invalid. */
  rejected: number;
  /** Completed before the newest execution that was purged. */
  refused: number;
  /** Those of `read` that don't say when they completed. */
  undated: number;
}

/** Adds records, batch by batch. */
export interface Importer extends Disposable {
  readonly counts: Readonly<ImportCounts>;
  add(batch: readonly ImportedRecord[]): void;
}

export interface ImporterOptions {
  /** The price list by which costs were estimated: the ledger keeps its name. */
  readonly prices?: PriceList | undefined;
  /** Whether a record that may have been purged becomes an incident. Default true. */
  readonly keepsRefused?: boolean;
}

/**
 * Writes to a ledger. What was rejected or refused becomes an incident, unless an earlier import already kept it as
 * one.
 *
 * @param onRejected Called with an invalid record's place, and what is wrong with it.
 */
export async function createImporter(
  dbPath: string,
  acceptsPurged: boolean,
  onRejected: (reason: string) => void,
  { prices, keepsRefused = true }: ImporterOptions = {},
): Promise<Importer> {
  using opening = new DisposableStack();
  const { ledger } = opening.use(createOrOpen(dbPath));
  if (prices !== undefined) ledger.connection.run(keepPriceList(prices.name));
  const keptPayloads = await hashesOfRejected(dbPath);
  const opened = opening.move();
  const counts = noCounts();
  return {
    counts,
    [Symbol.dispose]: () => opened.dispose(),
    add(batch) {
      let refused = 0;
      const pending = new PendingBatch(
        batch.map(({ record }) => record),
        {
          origins: batch.map(originOf),
          acceptsPurged,
          needsNoIncident: (payload, error) =>
            (isBeyondRetention(error) && !keepsRefused) || keptPayloads.has(hashOf(payload)),
          onRejected(reason, error) {
            if (isBeyondRetention(error)) refused += 1;
            else onRejected(reason);
          },
        },
      );
      const { written, duplicates, rejected } = pending.writeTo(ledger);
      if (ledger.isCheckpointDue(true)) ledger.checkpoint();
      countBatch(counts, batch);
      counts.written += written;
      counts.duplicates += duplicates;
      counts.refused += refused;
      counts.rejected += rejected - refused;
    },
  };
}

function isBeyondRetention(error: unknown): boolean {
  return error instanceof RunledgerError && error.code === "BEYOND_RETENTION";
}

/** Hashes of the incidents' payloads, as a payload itself may be long. */
async function hashesOfRejected(dbPath: string): Promise<ReadonlySet<bigint>> {
  const hashes = new Set<bigint>();
  await using ledger = await openLedger(dbPath);
  for await (const incidents of incidentsOf(ledger, { kind: "rejected", order: "oldest" })) {
    for (const { payload } of incidents) hashes.add(hashOf(payload ?? ""));
  }
  return hashes;
}

function hashOf(payload: string): bigint {
  return Bun.hash.xxHash64(payload);
}

/** Only reports which records are valid. */
export function createDryImporter(onRejected: (reason: string) => void): Importer {
  const counts = noCounts();
  return {
    counts,
    [Symbol.dispose]() {},
    add(batch) {
      countBatch(counts, batch);
      for (const imported of batch) {
        try {
          toExecutionRow(imported.record as TelemetryRecord);
          counts.written += 1;
        } catch (error) {
          counts.rejected += 1;
          onRejected(`${originOf(imported)}: ${messageOf(error)}`);
        }
      }
    },
  };
}

function noCounts(): ImportCounts {
  return { read: 0, written: 0, duplicates: 0, rejected: 0, refused: 0, undated: 0 };
}

function originOf({ name, line }: ImportedRecord): string {
  return `${name}:${line}`;
}

function countBatch(counts: ImportCounts, batch: readonly ImportedRecord[]): void {
  counts.read += batch.length;
  counts.undated += batch.filter(
    ({ record }) => typeof record !== "string" && record.completedAt == null,
  ).length;
}
