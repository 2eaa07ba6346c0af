import type { NameFilter, NamePattern } from "../report/types";

/** The length of a budget's period: a day, an ISO week or a month of its time zone, or one execution. */
export const PERIODS = ["day", "week", "month", "execution"] as const;
export type PeriodLength = (typeof PERIODS)[number];

/** The keys for which a budget can have a separate limit per value. */
export const EACH_KEYS = ["repo", "model", "provider", "eventType", "conclusion"] as const;
export type EachKey = (typeof EACH_KEYS)[number] | `label:${string}`;

/** Which executions a budget covers, like the filter of a report; without any field, all. */
export interface BudgetMatch extends NameFilter {
  /** Values of labels: `{ team: "core" }`. `(none)` matches executions without the label. */
  readonly labels?: Readonly<Record<string, NamePattern>> | undefined;
}

/** A limit. */
export interface Budget {
  /** Not empty, and unique. */
  readonly name: string;
  /** US dollars, above 0. */
  readonly limitUsd: number;
  readonly per: PeriodLength;
  /** The zone in which days begin: an IANA name, or `local`. Default `UTC`. */
  readonly timeZone?: string | undefined;
  /** Default: all executions. */
  readonly match?: BudgetMatch | undefined;
  /** A separate limit for each value of this key, such as `repo` or `label:team`. */
  readonly each?: EachKey | undefined;
}

/** The budgets, for the plugin and the command line; `runledger.config.ts` has one. */
export interface BudgetOptions {
  readonly budgets: readonly Budget[];
  /** The shares of a limit at which to alert, such as 0.8. Default: 0.5, 0.8 and 1. */
  readonly alertAt?: readonly number[] | undefined;
  /** What an execution of unknown cost counts as, in US dollars. Default: nothing. */
  readonly unknownCostUsd?: number | undefined;
}

/** What money is about to be spent on. If a field is left out, budgets that match by it are not checked. */
export interface Spender {
  readonly repo?: string | undefined;
  readonly eventType?: string | undefined;
  readonly model?: string | undefined;
  /** Default: inferred from the model's name. */
  readonly provider?: string | undefined;
  readonly conclusion?: string | undefined;
  /** Default: none. */
  readonly labels?: Readonly<Record<string, string>> | null | undefined;
}

/** The state of a budget. Amounts are in US dollars. */
export interface BudgetState {
  readonly budget: string;
  /** For a budget with `each`, the value; else `null`. */
  readonly value: string | null;
  readonly per: PeriodLength;
  readonly limitUsd: number;
  /** In this period so far, including what the ledger doesn't have yet. For a budget per execution 0. */
  readonly spentUsd: number;
  /** Held by `reserve` in this process. */
  readonly reservedUsd: number;
  /** What is left of the limit; never below 0. */
  readonly remainingUsd: number;
  /** Executions of this period whose cost is unknown, or not estimated yet. */
  readonly unknownCosts: number;
  /** When the period ends, ISO 8601; for a budget per execution `null`. */
  readonly periodEnd: string | null;
  /** Whether the requested amount still fits. */
  readonly allowed: boolean;
}

/** The answer of {@link Budgets.check}. */
export interface BudgetCheck {
  /** Whether every matching budget has room. */
  readonly allowed: boolean;
  /** Each budget that matches. */
  readonly budgets: readonly BudgetState[];
  /**
   * Whether the ledger can't be read at the moment, or has not been read yet, so that recent spending by others is
   * missing.
   */
  readonly stale: boolean;
  /** How long ago the ledger was last read, in milliseconds; `null` if it has not been read yet. */
  readonly ageMs: number | null;
}

/** An amount that counts as spent. It ends when the execution with this id is recorded, or when it is disposed of. */
export interface BudgetHold extends Disposable {
  /** Put it into the record: the hold ends when that is recorded. */
  readonly executionId: string;
  readonly amountUsd: number;
  /** Whether it fitted when it was reserved. It is reserved either way. */
  readonly allowed: boolean;
  /** Ends it; calling it twice is harmless. */
  end(): void;
}

/** The budget plugin's state. */
export interface BudgetStats {
  /** `opening`: the ledger has not been read yet; `degraded`: it can't be read at the moment. */
  readonly state: "opening" | "open" | "degraded" | "closing" | "closed";
  /** The last reason why it could not be read. */
  readonly lastError: string | undefined;
  /** Executions of this process that count but that, as of the last reading, the ledger doesn't have yet. */
  readonly pending: number;
  /** Reservations that have not ended. */
  readonly holds: number;
  /** Alerts that were emitted. */
  readonly alerts: number;
  /** Alerts that the webhook accepted. */
  readonly delivered: number;
  /** Alerts that the webhook has not accepted yet, of all processes. */
  readonly undelivered: number;
  /** How often the plugin's thread died and was restarted. */
  readonly restarts: number;
}

/** The handle of the budget plugin: `app.get(budgetPlugin)`. */
export interface Budgets extends AsyncDisposable {
  /** Resolves when the ledger has been read. The process stays alive until then, unless the ledger can't be read. */
  readonly ready: Promise<void>;
  /**
   * Whether there is room for an amount in every matching budget: synchronous, from memory.
   *
   * @param amountUsd Default 0: whether anything is left.
   * @throws {RunledgerError} `INVALID_ARGUMENT` for an amount below 0.
   */
  check(spender: Spender, amountUsd?: number): BudgetCheck;
  /**
   * Counts an amount as spent until the run is recorded or the hold ends.
   *
   * @param executionId The id that the record will have. Default: a new one, `executionId` of the hold.
   * @throws {RunledgerError} `INVALID_ARGUMENT`
   */
  reserve(spender: Spender, amountUsd: number, executionId?: string): BudgetHold;
  /** All budgets; those with `each` with every value that has spending or reservations. */
  states(): readonly BudgetState[];
  /**
   * Reads the ledger now; resolves when that is done, even if it failed.
   *
   * @throws {RunledgerError} `CLOSED`
   */
  refresh(): Promise<void>;
  stats(): BudgetStats;
  /** Stops following, and gives the webhook the rest of `closeTimeoutMs`. Every call returns the same promise. */
  close(): Promise<void>;
}
