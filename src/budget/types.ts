import type { NameFilter, NamePattern } from "../report/types";

/** How long a budget's period is: a day, an ISO week or a month of its time zone, or one execution. */
export const PERIODS = ["day", "week", "month", "execution"] as const;
export type PeriodLength = (typeof PERIODS)[number];

/** What a budget can have a limit for each value of. */
export const EACH_KEYS = ["repo", "model", "provider", "eventType", "conclusion"] as const;
export type EachKey = (typeof EACH_KEYS)[number] | `label:${string}`;

/** Which executions a budget is about, as the filter of a report says it; without any field, all. */
export interface BudgetMatch extends NameFilter {
  /** Which values labels have: `{ team: "core" }`. `(none)` stands for those without it. */
  readonly labels?: Readonly<Record<string, NamePattern>> | undefined;
}

/** A limit. */
export interface Budget {
  /** Not empty, and unique. */
  readonly name: string;
  /** US dollars, above 0. */
  readonly limitUsd: number;
  readonly per: PeriodLength;
  /** Where days begin: an IANA name, or `local`. Default `UTC`. */
  readonly timeZone?: string | undefined;
  /** Default: all executions. */
  readonly match?: BudgetMatch | undefined;
  /** The limit is one for each value of it, such as `repo` or `label:team`. */
  readonly each?: EachKey | undefined;
}

/** What the plugin and the command line know of budgets; `runledger.config.ts` holds one. */
export interface BudgetOptions {
  readonly budgets: readonly Budget[];
  /** At which shares of a limit to alert, such as 0.8. Default: 0.5, 0.8 and 1. */
  readonly alertAt?: readonly number[] | undefined;
  /** What an execution of unknown cost counts, in US dollars. Default: nothing. */
  readonly unknownCostUsd?: number | undefined;
}

/** What is about to be spent on. A budget that matches by a field which is left out is not asked. */
export interface Spender {
  readonly repo?: string | undefined;
  readonly eventType?: string | undefined;
  readonly model?: string | undefined;
  /** Default: as the name of the model says. */
  readonly provider?: string | undefined;
  readonly conclusion?: string | undefined;
  /** Default: none. */
  readonly labels?: Readonly<Record<string, string>> | null | undefined;
}

/** Where a budget stands. Amounts are in US dollars. */
export interface BudgetState {
  readonly budget: string;
  /** Of a budget with `each`, the value; else `null`. */
  readonly value: string | null;
  readonly per: PeriodLength;
  readonly limitUsd: number;
  /** In this period, so far; what the ledger has not got yet included. Of a budget per execution 0. */
  readonly spentUsd: number;
  /** Held by `reserve` in this process. */
  readonly reservedUsd: number;
  /** What is left of the limit; never below 0. */
  readonly remainingUsd: number;
  /** Executions of this period of which the cost is unknown, or not estimated yet. */
  readonly unknownCosts: number;
  /** When the period ends, ISO 8601; of a budget per execution `null`. */
  readonly periodEnd: string | null;
  /** Whether the amount that was asked for still fits. */
  readonly allowed: boolean;
}

/** The answer of {@link Budgets.check}. */
export interface BudgetCheck {
  /** Whether every budget that matches has room. */
  readonly allowed: boolean;
  /** Each budget that matches. */
  readonly budgets: readonly BudgetState[];
  /** Whether the ledger can't be read at the moment, or was not read yet: what others spent since is not in here. */
  readonly stale: boolean;
  /** How long ago the ledger was last read, in milliseconds; `null` when it was not read yet. */
  readonly ageMs: number | null;
}

/** An amount that counts as spent. It ends when the execution of this id is recorded, or when it is disposed of. */
export interface BudgetHold extends Disposable {
  /** Put it into the record: the hold ends when that is recorded. */
  readonly executionId: string;
  readonly amountUsd: number;
  /** Whether it fitted when it was reserved. It is reserved either way. */
  readonly allowed: boolean;
  /** Ends it; calling it twice is harmless. */
  end(): void;
}

/** How the budget plugin is doing. */
export interface BudgetStats {
  /** `opening`: the ledger was not read yet; `degraded`: it can't be read at the moment. */
  readonly state: "opening" | "open" | "degraded" | "closing" | "closed";
  /** Why it could not be read, the last time it could not. */
  readonly lastError: string | undefined;
  /** Executions of this process that count and that the ledger has not got yet, as far as was read. */
  readonly pending: number;
  /** Reservations that have not ended. */
  readonly holds: number;
  /** Alerts that were emitted. */
  readonly alerts: number;
  /** Alerts that the webhook took. */
  readonly delivered: number;
  /** Alerts that the webhook has not taken yet, of all processes. */
  readonly undelivered: number;
  /** How often the plugin's thread died and was started again. */
  readonly restarts: number;
}

/** The handle of the budget plugin: `app.get(budgetPlugin)`. */
export interface Budgets extends AsyncDisposable {
  /** Resolves when the ledger was read. The process stays alive until then, unless it can't be read. */
  readonly ready: Promise<void>;
  /**
   * Whether there is room for some amount in every budget that matches: synchronous, from memory.
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
  /** All budgets, of those with `each` every value that was spent on or reserved for. */
  states(): readonly BudgetState[];
  /**
   * Reads the ledger now; resolves when that is done, also when it failed.
   *
   * @throws {RunledgerError} `CLOSED`
   */
  refresh(): Promise<void>;
  stats(): BudgetStats;
  /** Stops following, and gives the webhook what is left of `closeTimeoutMs`. Every call returns the same promise. */
  close(): Promise<void>;
}
