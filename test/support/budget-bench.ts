import { Books } from "../../src/budget/books";
import { LedgerSums } from "../../src/budget/ledger-sums";
import { type ParsedBudgets, parseBudgets } from "../../src/budget/options";
import { periodAt } from "../../src/budget/period";
import type { BudgetOptions, BudgetState } from "../../src/budget/types";
import { hasSpill } from "../../src/handoff/spill";
import { followRecorders } from "../../src/recorder/following";
import { QueuedRecorder } from "../../src/recorder/recorder";
import { startInline } from "../../src/recorder/writer-link";
import { openLedger } from "../../src/report/database/open-ledger";
import { usageReport } from "../../src/report/usage-report";
import { recordingLogger } from "./recording-logger";

/** A process that records and tracks budgets, with its own clock, all on this thread. */
export class BudgetBench {
  readonly options: ParsedBudgets;
  readonly #dbPath: string;
  #nowMs: number;
  recorder!: QueuedRecorder;
  books!: Books;
  #sums!: LedgerSums;
  #unfollow = () => {};

  constructor(dbPath: string, options: BudgetOptions, nowMs: number) {
    this.options = parseBudgets(options, "test");
    this.#dbPath = dbPath;
    this.#nowMs = nowMs;
    this.#start();
  }

  get nowMs(): number {
    return this.#nowMs;
  }

  stepClock(ms: number): void {
    this.#nowMs += ms;
  }

  /** Ends the process in an orderly way, and starts another. */
  async restart(): Promise<void> {
    await this.end();
    this.#start();
  }

  /** What the budgets' thread does every second. @param meanwhile What happens before the answer is there. */
  async read(meanwhile: () => void = () => {}): Promise<void> {
    const readId = this.books.nextReadId();
    const isSpilled = hasSpill(this.#dbPath);
    const { periods, changed, areAll, written } = await this.#sums.read(this.#nowMs);
    meanwhile();
    const startsMs = periods.map(({ startMs }) => startMs);
    this.books.take({ readId, amounts: changed, startsMs, areAll, written, hasSpill: isSpilled });
  }

  async end(): Promise<void> {
    await this.recorder.close(10_000);
    this.#unfollow();
  }

  /** The amounts by reports, by budget and value, without empty ones. */
  async expected(): Promise<readonly string[]> {
    await using ledger = await openLedger(this.#dbPath);
    const lines: string[] = [];
    for (const { name, per, timeZone, match, each } of this.options.budgets) {
      const { startMs, endMs } = periodAt(per, timeZone, this.#nowMs);
      const filter = { ...match, timeZone, since: startMs, until: endMs };
      const { totals, groups } = await usageReport(ledger, {
        ...filter,
        by: each === undefined ? [] : [each],
      });
      for (const group of each === undefined ? [totals] : groups) {
        const value = each === undefined ? null : ((group as Record<string, unknown>)[each] as string);
        lines.push(line(name, value, group.costUsd, group.withoutCost));
      }
    }
    return lines.filter(isSomething).sort();
  }

  /** The same amounts, as the budgets count them. */
  actual(): readonly string[] {
    return this.books.states().map(lineOf).filter(isSomething).sort();
  }

  #start(): void {
    this.books = new Books(
      { ...this.options, holdTimeoutMs: 60_000 },
      () => {},
      () => this.#nowMs,
    );
    this.#sums = new LedgerSums(this.#dbPath, this.options.budgets, undefined);
    this.#unfollow = followRecorders(this.#dbPath, this.books.begin);
    this.recorder = new QueuedRecorder(
      {
        dbPath: this.#dbPath,
        synchronous: "NORMAL",
        retentionDays: false,
        flushIntervalMs: 1,
        maxBatchSize: 8,
        maxQueueSize: 1_000,
        exitTimeoutMs: 1_000,
      },
      startInline,
      recordingLogger(),
    );
  }
}

function lineOf({ budget, value, spentUsd, unknownCosts }: BudgetState): string {
  return line(budget, value, spentUsd, unknownCosts);
}

/** One line of amounts, to nine decimals. */
function line(budget: string, value: string | null, usd: number, unknown: number): string {
  return `${budget} | ${value} | ${(usd + 0).toFixed(9)} | ${unknown}`;
}

function isSomething(text: string): boolean {
  return !text.endsWith(" | 0.000000000 | 0");
}
