import { messageOf } from "../describe";
import type { Logger } from "../logger";
import { THREADS } from "../threads";
import { type StartedWorker, startWorker } from "../worker";
import type { BudgetStart, FromBudgetThread, ToBudgetThread } from "./protocol";

/** A thread that ends this often without a message can't be started here, for example in some bundles. */
const STARTS_IN_VAIN = 2;
const FIRST_RESTART_MS = 10;
const LONGEST_RESTART_MS = 30_000;

/** What the link reports. */
export interface BudgetThreadEvents {
  readonly onMessage: (message: FromBudgetThread) => void;
  /** The thread died: its pending requests will not be answered. */
  readonly onDeath: (reason: string) => void;
  /** A new thread was started: it knows nothing of earlier messages. */
  readonly onRestart: () => void;
}

/** Keeps the budgets' thread alive. */
export class BudgetThreadLink {
  readonly #start: BudgetStart;
  readonly #events: BudgetThreadEvents;
  readonly #logger: Logger;
  #thread: StartedWorker | undefined;
  #restart: ReturnType<typeof setTimeout> | undefined;
  #deathsInARow = 0;
  #startsInVain = 0;
  #restarts = 0;
  #isEnded = false;

  constructor(start: BudgetStart, events: BudgetThreadEvents, logger: Logger) {
    this.#start = start;
    this.#events = events;
    this.#logger = logger;
    this.#begin();
  }

  get restarts(): number {
    return this.#restarts;
  }

  /** Whether it can't be started, as far as is known. */
  get isHopeless(): boolean {
    return this.#startsInVain >= STARTS_IN_VAIN;
  }

  post(message: ToBudgetThread): void {
    this.#thread?.post(message);
  }

  end(): void {
    this.#isEnded = true;
    clearTimeout(this.#restart);
    this.#thread?.terminate();
    this.#thread = undefined;
  }

  #begin(): void {
    let hasSpoken = false;
    try {
      this.#thread = startWorker<FromBudgetThread>(THREADS.budgets(), {
        onMessage: (message) => {
          hasSpoken = true;
          this.#startsInVain = 0;
          this.#deathsInARow = 0;
          if (!this.#isEnded) this.#events.onMessage(message);
        },
        onEnd: (error) => this.#beginAgain(hasSpoken, error),
      });
      this.#thread.post(this.#start);
    } catch (error) {
      this.#beginAgain(false, error);
    }
  }

  #beginAgain(hadSpoken: boolean, error: unknown): void {
    this.#thread = undefined;
    if (this.#isEnded) return;
    this.#restarts += 1;
    this.#deathsInARow += 1;
    if (!hadSpoken) this.#startsInVain += 1;
    const reason = `the budgets' thread ended: ${error === undefined ? "no reason given" : messageOf(error)}`;
    if (this.#startsInVain === STARTS_IN_VAIN) {
      const message =
        "the budgets' thread can't be started, so the ledger is not read; for an application made by bun build see docs/operations.md, under Bundling and compiling";
      this.#logger.error({ reason }, message);
    }
    this.#events.onDeath(reason);
    const delayMs = Math.min(LONGEST_RESTART_MS, FIRST_RESTART_MS * 2 ** Math.min(this.#deathsInARow, 16));
    this.#restart = setTimeout(() => {
      this.#begin();
      this.#events.onRestart();
    }, delayMs).unref();
  }
}
