import type { Kysely } from "kysely";
import type { UsageSource } from "../ledger/execution-usage";
import type { LedgerSchema } from "../ledger/schema";
import { OTHER_VALUES } from "../ledger/statements";
import { cutoffText } from "../record/time";
import type { NameConditions } from "./conditions";
import type { DurationRow } from "./durations";
import type { ResolvedFilter } from "./filter";
import type { Grouping } from "./grouping";
import { readLabelDays } from "./label-queries";
import { keyOfLabel } from "./labels";
import { DAY_LENGTH, isTimeKey } from "./periods";
import type { UsageOrigin } from "./usage-origin";
import { isEmpty, type UsagePlan } from "./usage-plan";
import { isNameKey, type NameKey, readDays, readExecutions, type UsageRow } from "./usage-queries";

/** What is asked for, and where it is. */
export interface UsageContext {
  readonly filter: ResolvedFilter;
  readonly conditions: NameConditions;
  readonly source: UsageSource;
}

/** What groupings that are read together have in common. */
export interface ReadingKind {
  readonly origin: UsageOrigin;
  /** Whether days are asked for that are not the days of UTC, and sums of UTC days won't do. */
  readonly needsOtherDays: boolean;
}

/** The reads that answer some groupings at once, by one plan. */
export class UsageReading {
  /** The names that any of the groupings needs. */
  readonly names: readonly NameKey[];
  readonly kind: ReadingKind;
  readonly plan: UsagePlan;
  readonly #groupings: readonly Grouping[];
  readonly #timeLength: number | undefined;
  /** Times below this are of whole days. */
  readonly #endOfDays: string;

  /** @param timeLength By how many of its first characters a time is told apart, where that is asked for. */
  constructor(groupings: readonly Grouping[], kind: ReadingKind, plan: UsagePlan, timeLength: number) {
    const keys = new Set(groupings.flatMap(({ by }) => by));
    this.names = [...keys].filter(isNameKey);
    this.kind = kind;
    this.plan = plan;
    this.#groupings = groupings;
    this.#timeLength = [...keys].some(isTimeKey) ? timeLength : undefined;
    this.#endOfDays = cutoffText(plan.days.toMs) ?? "";
  }

  /** Reads all that adds up. */
  async readUsage(db: Kysely<LedgerSchema>, { filter, conditions, source }: UsageContext): Promise<void> {
    const { names, plan } = this;
    const { origin } = this.kind;
    const columns = { names, timeLength: this.#timeLength };
    if (!isEmpty(plan.days)) {
      const ofDays = { names, timeLength: this.#timeLength && DAY_LENGTH };
      this.#add(
        typeof origin === "string"
          ? await readDays(db, plan.days, conditions.ofDays, ofDays)
          : await readLabelDays(db, plan.days, origin.label, filter, ofDays),
      );
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
      for (const grouping of this.#groupings) {
        const tally = grouping.find(row, time) ?? grouping.tallyOf(this.#asSummed(row), time);
        tally.addDuration(row.durationMs);
      }
    }
  }

  /** A value that came too late to be summed by itself is among the others. */
  #asSummed(row: DurationRow): DurationRow {
    const { origin } = this.kind;
    return typeof origin === "string" ? row : { ...row, [keyOfLabel(origin.label)]: OTHER_VALUES };
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
