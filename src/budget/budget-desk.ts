import { messageOf } from "../describe";
import { hasSpill } from "../handoff/spill";
import { AlertStore } from "./alert-store";
import { Alerts, type TypedAlert } from "./alerts";
import { Amounts } from "./amounts";
import { type LedgerReading, LedgerSums } from "./ledger-sums";
import type { Period } from "./period";
import { type BudgetStart, type FromBudgetThread, type ToBudgetThread, toPosted } from "./protocol";
import { SharedSums } from "./shared-sums";
import { Webhook } from "./webhook";

/** How many alerts are kept in memory while they can't be stored; the rest are found again. */
const MOST_UNKEPT = 10_000;

/** The work of the budgets' thread: reads ledgers, finds and stores alerts, and posts them to a webhook. */
export class BudgetDesk {
  readonly #options: BudgetStart;
  readonly #send: (message: FromBudgetThread) => void;
  readonly #store: AlertStore;
  readonly #alerts: Alerts;
  readonly #shared: SharedSums | undefined;
  readonly #webhook: Webhook | undefined;
  readonly #hasPerExecution: boolean;
  #sums: LedgerSums | undefined;
  /** What other ledgers had at their last reading, and in which periods. */
  #others: { readonly amounts: Amounts; readonly periods: readonly Period[] } | undefined;
  /** Alerts that could not be stored yet. */
  #unkept: readonly TypedAlert[] = [];
  #startsMs = "";
  #delivered = 0;
  /** The last errors. */
  readonly #failing = new Set<string>();
  /** Messages are handled one after another. */
  #last: Promise<void> = Promise.resolve();

  constructor(options: BudgetStart, send: (message: FromBudgetThread) => void) {
    this.#options = options;
    this.#send = send;
    const { budgets, shared, webhook, dbPath, owner } = options;
    this.#hasPerExecution = budgets.some(({ per }) => per === "execution");
    this.#alerts = new Alerts(options);
    this.#store = new AlertStore(dbPath, owner, webhook !== undefined);
    this.#shared = shared && new SharedSums(shared.url, shared.driver, budgets);
    this.#webhook =
      webhook &&
      new Webhook(webhook, this.#store, {
        onDelivered: () => {
          this.#delivered += 1;
          this.#reportWebhook();
        },
        onFailing: (reason) =>
          this.#warn(`the webhook does not take alerts, which are tried again: ${reason}`),
      });
  }

  handle(message: ToBudgetThread): void {
    this.#last = this.#last.then(() => this.#handle(message));
  }

  async #handle(message: ToBudgetThread): Promise<void> {
    switch (message.type) {
      case "read":
        return this.#read(message.id);
      case "told":
        return this.#attempt("note which alerts were told", () => this.#store.noteTold(message.ids));
      case "close":
        return this.#close(message.timeoutMs);
    }
    message satisfies never;
  }

  async #read(id: number): Promise<void> {
    try {
      const isSpilled = hasSpill(this.#options.dbPath);
      this.#sums ??= new LedgerSums(this.#options.dbPath, this.#options.budgets, this.#judgedId());
      const reading = await this.#sums.read(Date.now());
      const failure = await this.#readOthers(reading);
      const areAll = reading.areAll || this.#shared !== undefined;
      const amounts = areAll ? this.#allAmounts(this.#sums.sums, reading.periods) : reading.changed;
      const { periods, written } = reading;
      this.#send({
        type: "reading",
        id,
        amounts: toPosted(amounts),
        startsMs: periods.map(({ startMs }) => startMs),
        areAll,
        written,
        hasSpill: isSpilled,
        isComplete: failure === undefined,
      });
      this.#alert(reading, amounts);
      if (failure !== undefined) throw failure;
    } catch (error) {
      this.#send({ type: "failed", message: messageOf(error) });
    } finally {
      this.#send({ type: "read", id });
    }
  }

  /** Returns why other ledgers can't be read. Our own still counts, and so does what is known of theirs. */
  async #readOthers({ periods, ledgerId }: LedgerReading): Promise<unknown> {
    try {
      if (this.#shared !== undefined) {
        this.#others = { amounts: await this.#shared.read(periods, ledgerId), periods };
      }
      return undefined;
    } catch (error) {
      return error;
    }
  }

  #allAmounts(own: Amounts, periods: readonly Period[]): Amounts {
    const all = new Amounts();
    for (const [slot, amount] of own) all.add(slot, amount);
    const others = this.#others;
    for (const [slot, amount] of others?.amounts ?? []) {
      // They may not have been read since a period began.
      const isCurrent = others?.periods[slot.index]?.startMs === periods[slot.index]?.startMs;
      if (isCurrent) all.add(slot, amount);
    }
    return all;
  }

  #judgedId(): number | undefined {
    let judgedId: number | undefined;
    this.#attempt("find out where to go on", () => {
      if (this.#hasPerExecution) judgedId = this.#store.judgedId;
    });
    return judgedId;
  }

  #alert(reading: LedgerReading, amounts: Amounts): void {
    this.#unkept = [...this.#unkept, ...this.#alertsOf(reading, amounts)];
    this.#attempt("keep alerts", () => {
      const ours = [...this.#store.claim(this.#unkept), ...this.#store.adopt()];
      this.#unkept = [];
      if (this.#hasPerExecution) this.#store.noteJudged(reading.judgedId);
      if (ours.length > 0) this.#send({ type: "alerts", alerts: ours });
      if (this.#webhook !== undefined) {
        this.#webhook.start();
        this.#reportWebhook();
      }
    });
    if (this.#unkept.length <= MOST_UNKEPT) return;
    this.#unkept = this.#unkept.slice(-MOST_UNKEPT);
    this.#alerts.forget();
  }

  *#alertsOf({ periods, executions, ledgerId }: LedgerReading, amounts: Amounts): Generator<TypedAlert> {
    // Machines that share a database give the same alert the same id.
    const scope = this.#shared === undefined ? ledgerId : "shared";
    const startsMs = periods.map(({ startMs }) => startMs).join();
    if (startsMs !== this.#startsMs) this.#alerts.forget();
    this.#startsMs = startsMs;
    for (const [slot, amount] of amounts) {
      const period = periods[slot.index];
      if (period !== undefined) yield* this.#alerts.ofAmount(slot, amount, period, scope);
    }
    for (const execution of executions) {
      const period = periods[execution.index];
      if (period !== undefined) yield* this.#alerts.ofExecution(execution, period, scope);
    }
  }

  async #close(timeoutMs: number): Promise<void> {
    await this.#webhook?.close(timeoutMs);
    await this.#shared?.[Symbol.asyncDispose]().catch(() => {});
    this.#attempt("leave alerts to others", () => this.#store[Symbol.dispose]());
    this.#send({ type: "closed" });
  }

  #reportWebhook(): void {
    this.#attempt("count alerts", () =>
      this.#send({ type: "webhook", delivered: this.#delivered, undelivered: this.#store.unposted }),
    );
  }

  #attempt(what: string, action: () => void): void {
    try {
      action();
      this.#failing.delete(what);
    } catch (error) {
      if (!this.#failing.has(what)) this.#warn(`could not ${what}: ${messageOf(error)}`);
      this.#failing.add(what);
    }
  }

  #warn(message: string): void {
    this.#send({ type: "log", level: "warn", bindings: { dbPath: this.#options.dbPath }, message });
  }
}
