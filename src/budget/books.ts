import { describe } from "../describe";
import { RunledgerError } from "../errors";
import { toExecutionRow } from "../ledger/row";
import { RecentIds } from "../recent-ids";
import type { TelemetryRecord } from "../record/types";
import type { BeginFollowing } from "../recorder/following";
import { Accounts, newPayees } from "./accounts";
import type { Amounts } from "./amounts";
import { Group, type PayeesMatching } from "./group";
import { Holds } from "./holds";
import { Matching } from "./matching";
import type { ParsedBudgets } from "./options";
import { partsOf } from "./parts";
import { Pending } from "./pending";
import type { BudgetHold, BudgetState, Spender } from "./types";

/** The result of reading the ledger. */
export interface BooksReading {
  /** The number of the request. */
  readonly readId: number;
  readonly amounts: Amounts;
  /** When the periods of the amounts begin, for each budget. */
  readonly startsMs: readonly number[];
  /** Whether these are all amounts, not only those that changed. */
  readonly areAll: boolean;
  /** The last batch of each recorder that is in the ledger. */
  readonly written: ReadonlyMap<string, number>;
  readonly hasSpill: boolean;
}

/** How many recent executions are remembered, so that one recorded again counts once. */
const REMEMBERED_IDS = 50_000;

/**
 * The books of a process: what the ledger had for each budget at its last reading, what this process recorded since
 * that the ledger may not have yet, and what is reserved.
 */
export class Books {
  readonly #matching: PayeesMatching;
  readonly #accounts: Accounts;
  readonly #holds: Holds;
  readonly #recent = new RecentIds(REMEMBERED_IDS);
  #pending: readonly { readonly recorderId: string; readonly pending: Pending }[] = [];
  readonly #now: () => number;
  readonly #onRoll: () => void;
  #lastReadId = 0;

  /** @param onRoll Called when a new period has begun, for which the ledger must be read. */
  constructor(
    options: ParsedBudgets & { readonly holdTimeoutMs: number },
    onRoll: () => void = () => {},
    now: () => number = Date.now,
  ) {
    this.#now = now;
    this.#onRoll = onRoll;
    this.#matching = new Matching(options.budgets, newPayees);
    this.#accounts = new Accounts(options, now());
    this.#holds = new Holds(this.#accounts, options.holdTimeoutMs);
  }

  get pendingSize(): number {
    return this.#pending.reduce((sum, { pending }) => sum + pending.size, 0);
  }

  get holdsSize(): number {
    return this.#holds.size;
  }

  reserved(): ReturnType<Holds["amounts"]> {
    return this.#holds.amounts();
  }

  /** Followers for the recorders of the ledger. */
  readonly begin: BeginFollowing = (recorderId, waitingBatches) => {
    const host = {
      newGroup: () => new Group(this.#accounts, this.#matching),
      take: (event: TelemetryRecord, completedAtMs: number, group: Group) =>
        this.#take(event, completedAtMs, group),
      lastReadId: () => this.#lastReadId,
    };
    const pending = new Pending(host, waitingBatches);
    this.#pending = [...this.#pending, { recorderId, pending }];
    return pending;
  };

  /** The number of a reading that begins now. */
  nextReadId(): number {
    this.#lastReadId += 1;
    return this.#lastReadId;
  }

  /** The state of each budget that some spending counts for. */
  statesFor(spender: Spender, amountUsd: number): readonly BudgetState[] {
    assertAmount(amountUsd);
    this.#bringUpToDate();
    return this.#accounts.statesOf(this.#matching.of(spender), amountUsd);
  }

  /** @param isAllowed Decides from the budgets' states, which say whether the amount fits. */
  reserve(
    spender: Spender,
    amountUsd: number,
    executionId: string,
    isAllowed: (states: readonly BudgetState[]) => boolean,
  ): BudgetHold {
    const allowed = isAllowed(this.statesFor(spender, amountUsd));
    return this.#holds.add(executionId, this.#matching.of(spender), amountUsd, allowed);
  }

  states(): readonly BudgetState[] {
    this.#bringUpToDate();
    return [...this.#accounts.states()];
  }

  /** Takes over the result of a reading: its amounts are now confirmed, and no longer pending. */
  take({ readId, amounts, startsMs, areAll, written, hasSpill }: BooksReading): void {
    this.#bringUpToDate();
    // Ignored if a period has begun since: the next reading, already requested, has everything.
    if (!this.#accounts.areOf(startsMs)) return;
    for (const { recorderId, pending } of this.#pending) {
      pending.settle({ sequence: written.get(recorderId), readId, hasSpill });
    }
    this.#pending = this.#pending.filter(({ pending }) => !pending.isOver);
    if (this.pendingSize === 0) this.#accounts.clearPending();
    this.#accounts.confirm(amounts, areAll);
  }

  /** Adds up new executions, ends expired holds, and begins new periods if it is time; a clock may also step back. */
  #bringUpToDate(): void {
    for (const { pending } of this.#pending) pending.addUp();
    this.#holds.expire();
    const nowMs = this.#now();
    if (this.#accounts.isCurrent(nowMs)) return;
    this.#accounts.roll(nowMs);
    for (const { pending } of this.#pending) pending.addAgain();
    this.#onRoll();
  }

  /**
   * Adds an event's amounts to a group; nothing if the writer will reject the event, or has it already. Never throws.
   */
  #take(event: TelemetryRecord, completedAtMs: number, group: Group): void {
    try {
      const { executionId } = event;
      if (executionId != null) {
        this.#holds.end(executionId);
        if (this.#recent.has(executionId)) return;
      }
      if (Number.isNaN(completedAtMs)) group.takeParts(partsOf(toExecutionRow(event)));
      else group.take(event, completedAtMs);
      if (executionId != null) this.#recent.add(executionId);
    } catch {
      // Not a valid record: the writer rejects it.
    }
  }
}

function assertAmount(amountUsd: unknown): void {
  if (Number.isFinite(amountUsd) && (amountUsd as number) >= 0) return;
  throw new RunledgerError(
    "INVALID_ARGUMENT",
    `Expected an amount in US dollars, 0 or more, received ${describe(amountUsd)}.`,
  );
}
