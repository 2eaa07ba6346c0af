import type { Kysely } from "kysely";
import { EXECUTION_COLUMNS, type ExecutionRow, type LedgerSchema } from "../ledger/schema";
import { WRITTEN_BY, writtenSequence } from "../ledger/statements";
import { dayOf } from "../record/time";
import type { Ledger } from "../report/database/ledger";
import { openLedger } from "../report/database/open-ledger";
import { atOneMoment } from "../report/database/snapshot";
import { withModels } from "../report/models";
import { Amounts } from "./amounts";
import { Matching, type Slot } from "./matching";
import type { ParsedBudget } from "./options";
import { partsOf, wholeOf } from "./parts";
import { type Period, periodAt } from "./period";
import { readBudget } from "./read-budget";

/** New executions are added one by one; if there are more than this at once, the sums are read again. */
const MOST_NEW_ROWS = 10_000;
/** After this time, in milliseconds, all sums are read again, so that changes made by hand count. */
const READ_ALL_EVERY_MS = 60_000;
/** A ledger that is slow to read is read less often. */
const READ_ALL_SHARE = 0.02;

/** A costly execution, for a budget per execution. */
export interface CostlyExecution {
  readonly index: number;
  readonly executionId: string;
  readonly costUsd: number;
}

/** What the ledger has, in one snapshot. */
export interface LedgerReading {
  /** The period of the amounts, for each budget. */
  readonly periods: readonly Period[];
  /** The amounts that changed since the last reading, or all. */
  readonly changed: Amounts;
  readonly areAll: boolean;
  /** The last batch of each recorder that is in the ledger, by the recorder's id. */
  readonly written: ReadonlyMap<string, number>;
  readonly ledgerId: string;
  /** The new executions that match budgets per execution; each is returned once. */
  readonly executions: readonly CostlyExecution[];
  /** They are returned up to this `id`. */
  readonly judgedId: number;
}

/** Facts that show whether the sums still belong to the same ledger. */
interface Facts {
  readonly ledgerId: string;
  readonly purgedBefore: string;
  readonly lastId: number;
  readonly written: ReadonlyMap<string, number>;
}

/**
 * What a ledger has for each budget. All sums are read, as reports read them, at first, when a period begins, after a
 * purge, and every minute; in between, new executions are added. Each reading opens the file: it may be another one by
 * now, and an application that ends must not find it in use.
 */
export class LedgerSums {
  readonly #dbPath: string;
  readonly #budgets: readonly ParsedBudget[];
  readonly #matching: Matching<readonly Slot[]>;
  readonly #hasPerExecution: boolean;
  #periods: readonly Period[] = [];
  #sums = new Amounts();
  #facts: Facts | undefined;
  #readAllAt = 0;
  /** Executions up to this `id` were checked against budgets per execution. */
  #judgedId: number | undefined;

  /** @param judgedId Where an earlier process stopped; `undefined`: there was none. */
  constructor(dbPath: string, budgets: readonly ParsedBudget[], judgedId: number | undefined) {
    this.#dbPath = dbPath;
    this.#budgets = budgets;
    this.#matching = new Matching(budgets, (slots) => slots);
    this.#hasPerExecution = budgets.some(({ per }) => per === "execution");
    this.#judgedId = judgedId;
  }

  /** All amounts, as of the last reading. */
  get sums(): Amounts {
    return this.#sums;
  }

  /** @throws {RunledgerError} if the ledger can't be read; the next reading reads everything. */
  async read(nowMs: number): Promise<LedgerReading> {
    try {
      await using ledger = await openLedger(this.#dbPath);
      return await atOneMoment(ledger, (db) => this.#read(db, ledger, nowMs));
    } catch (error) {
      this.#facts = undefined;
      throw error;
    }
  }

  async #read(db: Kysely<LedgerSchema>, ledger: Ledger, nowMs: number): Promise<LedgerReading> {
    const facts = await readFacts(db);
    const periods = this.#budgets.map(({ per, timeZone }) => periodAt(per, timeZone, nowMs));
    const isSame = this.#facts !== undefined && this.#isSameTime(periods) && isContinued(this.#facts, facts);
    const after = isSame ? (this.#facts?.lastId ?? 0) : facts.lastId;
    const rows = await executionsAfter(db, ledger, after, MOST_NEW_ROWS + 1);
    const addsUp =
      isSame &&
      rows.length <= MOST_NEW_ROWS &&
      performance.now() < this.#readAllAt &&
      !rows.some((row) => isOfPurgedDay(row, facts));
    const executions = this.#hasPerExecution ? await this.#judge(db, ledger, facts.lastId) : [];
    const judgedId = this.#judgedId ?? facts.lastId;
    const changed = addsUp ? this.#add(rows, periods) : await this.#readAll(db, ledger, periods);
    this.#facts = facts;
    this.#periods = periods;
    const { written, ledgerId } = facts;
    return { periods, changed, areAll: !addsUp, written, ledgerId, executions, judgedId };
  }

  #isSameTime(periods: readonly Period[]): boolean {
    return periods.every(({ startMs, endMs }, index) => {
      const before = this.#periods[index];
      return startMs === before?.startMs && endMs === before.endMs;
    });
  }

  async #readAll(db: Kysely<LedgerSchema>, ledger: Ledger, periods: readonly Period[]): Promise<Amounts> {
    const startMs = performance.now();
    const sums = new Amounts();
    for (const [index, budget] of this.#budgets.entries()) {
      if (budget.per === "execution") continue;
      for (const [value, amount] of await readBudget(db, ledger, budget, periods[index] as Period)) {
        sums.add({ index, value }, amount);
      }
    }
    this.#sums = sums;
    const tookMs = performance.now() - startMs;
    this.#readAllAt = performance.now() + Math.max(READ_ALL_EVERY_MS, tookMs / READ_ALL_SHARE);
    return sums;
  }

  /** Adds new executions to the sums; returns the sums that changed. */
  #add(rows: readonly ExecutionRow[], periods: readonly Period[]): Amounts {
    const changed = new Amounts();
    for (const part of rows.flatMap(partsOf)) {
      for (const slot of this.#matching.of(part.spender)) {
        const period = periods[slot.index];
        const budget = this.#budgets[slot.index];
        if (period === undefined || budget === undefined || budget.per === "execution") continue;
        if (!(part.atMs >= period.startMs && part.atMs < period.endMs)) continue;
        const unknown = budget.each === "model" ? part.unknownOfModel : part.unknown;
        changed.set(...this.#sums.add(slot, { costUsd: part.costUsd, unknown }));
      }
    }
    return changed;
  }

  /**
   * The next of the new executions that match budgets per execution. Their number is limited, so that a reading is
   * short.
   */
  async #judge(
    db: Kysely<LedgerSchema>,
    ledger: Ledger,
    lastId: number,
  ): Promise<readonly CostlyExecution[]> {
    // Executions from before the first budget are not alerted.
    const judged = Math.min(this.#judgedId ?? lastId, lastId);
    const rows = judged < lastId ? await executionsAfter(db, ledger, judged, MOST_NEW_ROWS) : [];
    this.#judgedId = rows.at(-1)?.id ?? lastId;
    return rows.flatMap((row) => this.#costlyOf(row));
  }

  #costlyOf(row: ExecutionRow): readonly CostlyExecution[] {
    const { spender, costUsd } = wholeOf(row);
    const slots = costUsd > 0 ? this.#matching.of(spender) : [];
    return slots
      .filter(({ index }) => this.#budgets[index]?.per === "execution")
      .map(({ index }) => ({ index, executionId: row.execution_id ?? `${row.id}`, costUsd }));
  }
}

/** Whether the sums of the last reading are still right, apart from new executions. */
function isContinued(before: Facts, now: Facts): boolean {
  return (
    before.ledgerId === now.ledgerId &&
    before.purgedBefore === now.purgedBefore &&
    before.lastId <= now.lastId
  );
}

/** Reports know purged days only as a whole. */
function isOfPurgedDay({ created_at }: ExecutionRow, { purgedBefore }: Facts): boolean {
  return purgedBefore !== "" && dayOf(created_at) <= dayOf(purgedBefore);
}

async function readFacts(db: Kysely<LedgerSchema>): Promise<Facts> {
  const entries = await db.selectFrom("ledger").select(["key", "value"]).execute();
  const facts = new Map<string, string>(entries.map(({ key, value }) => [key, value]));
  const newest = db.selectFrom("executions").select("id").orderBy("id", "desc").limit(1);
  const written = Array.from(facts).filter(([key]) => key.startsWith(WRITTEN_BY));
  return {
    ledgerId: facts.get("id") ?? "",
    purgedBefore: facts.get("purged_before") ?? "",
    lastId: (await newest.executeTakeFirst())?.id ?? 0,
    written: new Map(written.map(([key, value]) => [key.slice(WRITTEN_BY.length), writtenSequence(value)])),
  };
}

async function executionsAfter(
  db: Kysely<LedgerSchema>,
  { engine }: Ledger,
  id: number,
  limit: number,
): Promise<readonly ExecutionRow[]> {
  const rows = await db
    .selectFrom("executions")
    .select(["id", ...EXECUTION_COLUMNS])
    .where("id", ">", id)
    .orderBy("id")
    .limit(limit)
    .execute();
  return withModels(db, engine, rows);
}
