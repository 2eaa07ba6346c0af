import type { Kysely } from "kysely";
import type { LedgerSchema } from "../../ledger/schema";

/** An open ledger to read from. */
export interface Ledger extends AsyncDisposable {
  /** Kysely for the ledger's tables; writing through it fails. */
  readonly db: Kysely<LedgerSchema>;
  readonly engine: "sqlite" | "postgresql";
  /** What it was opened from, without user and password. */
  readonly location: string;
  /** `false`: a database of the earlier one-table design, which has no sums, so every question scans its rows. */
  readonly hasRollups: boolean;
  close(): Promise<void>;
}
