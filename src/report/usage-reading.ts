import type { Kysely } from "kysely";
import type { UsageSource } from "../ledger/execution-usage";
import type { LedgerSchema } from "../ledger/schema";
import { cutoffText } from "../record/time";
import type { NameConditions } from "./conditions";
import type { DurationRow } from "./durations";
import type { Grouping } from "./grouping";
import { DAY_LENGTH, isTimeKey } from "./periods";
import { isEmpty, type UsagePlan } from "./usage-plan";
import { isNameKey, type NameKey, readDays, readExecutions, type UsageRow } from "./usage-queries";

/** The reads that answer some groupings at once, by one plan. */
export class UsageReading {
  /** The names that any of the groupings needs. */
  readonly names: readonly NameKey[];
  readonly plan: UsagePlan;
  readonly #groupings: readonly Grouping[];
  readonly #timeLength: number | undefined;
  /** Times below this are of whole days. */
  readonly #endOfDays: string;

  /** @param timeLength By how many of its first characters a time is told apart, where that is asked for. */
  constructor(groupings: readonly Grouping[], plan: UsagePlan, timeLength: number) {
    const keys = new Set(groupings.flatMap(({ by }) => by));
    this.names = [...keys].filter(isNameKey);
    this.plan = plan;
    this.#groupings = groupings;
    this.#timeLength = [...keys].some(isTimeKey) ? timeLength : undefined;
    this.#endOfDays = cutoffText(plan.days.toMs) ?? "";
  }

  /** Reads all that adds up. */
  async readUsage(db: Kysely<LedgerSchema>, conditions: NameConditions, source: UsageSource): Promise<void> {
    const { names, plan } = this;
    const columns = { names, timeLength: this.#timeLength };
    if (!isEmpty(plan.days)) {
      const ofDays = { names, timeLength: this.#timeLength && DAY_LENGTH };
      this.#add(await readDays(db, plan.days, conditions.ofDays, ofDays));
      this.#add(await readExecutions(db, plan.days, conditions.ofExecutions, ofDays, "unadopted", source));
    }
    for (const span of plan.rows) {
      this.#add(await readExecutions(db, span, conditions.ofExecutions, columns, "all", source));
    }
  }

  /** Takes durations in, for the percentiles. */
  addDurations(rows: readonly DurationRow[]): void {
    for (const row of rows) {
      const time = this.#beginningOf(row.createdAt);
      for (const grouping of this.#groupings) grouping.tallyOf(row, time).addDuration(row.durationMs);
    }
  }

  #add(rows: readonly UsageRow[]): void {
    for (const row of rows) {
      // Without a key to group by, the sum of nothing is a row too.
      if (row.usedIn === 0) continue;
      for (const grouping of this.#groupings) grouping.tallyOf(row, row.time ?? "").add(row);
    }
  }

  /** As the reads have it: of whole days, the day. */
  #beginningOf(createdAt: string): string {
    if (this.#timeLength === undefined) return "";
    // Another program may have stored something else than text.
    const time = String(createdAt);
    return time.slice(0, time < this.#endOfDays ? DAY_LENGTH : this.#timeLength);
  }
}
