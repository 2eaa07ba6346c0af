import type { Kysely } from "kysely";
import type { UsageSource } from "../ledger/execution-usage";
import type { LedgerSchema } from "../ledger/schema";
import { OTHER_VALUES } from "../ledger/schema";
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
import type { UsageSums } from "./usage-tally";

/** What the question is, and what the ledger has. */
export interface UsageContext {
  readonly filter: ResolvedFilter;
  readonly conditions: NameConditions;
  readonly source: UsageSource;
  readonly hasUnadopted: boolean;
  /** Which sums to read; default all. Without `usedIn`, groups without usage can't be recognised. */
  readonly only?: readonly (keyof UsageSums)[] | undefined;
  /** How many groups are wanted, the costliest first, so that no more need be read. Default: all. */
  readonly costliest?: number | undefined;
}

/** A grouping, and where its usage can be read. */
export interface PlacedGrouping {
  readonly grouping: Grouping;
  readonly origin: UsageOrigin;
}

/** What groupings that are read together have in common. */
export interface ReadingKind {
  /** Whether the executions must be read, as there are no sums. */
  readonly isOfExecutions: boolean;
  /** Whether the question has days other than UTC days, and the sums of UTC days can't answer it. */
  readonly needsOtherDays: boolean;
}

/** The reads that answer several groupings at once, with one plan. */
export class UsageReading {
  readonly kind: ReadingKind;
  readonly plan: UsagePlan;
  /** The names that any of the groupings needs. */
  readonly names: readonly NameKey[];
  /** The labels whose sums are read. */
  readonly labels: readonly string[];
  readonly #placed: readonly PlacedGrouping[];
  readonly #timeLength: number | undefined;
  /** Times below this belong to whole days. */
  readonly #endOfDays: string;

  /** @param timeLength How many leading characters of a time are read, if the question is by time. */
  constructor(placed: readonly PlacedGrouping[], kind: ReadingKind, plan: UsagePlan, timeLength: number) {
    this.kind = kind;
    this.plan = plan;
    this.names = namesOf(placed);
    this.labels = [
      ...new Set(placed.flatMap(({ origin }) => (typeof origin === "string" ? [] : origin.label))),
    ];
    this.#placed = placed;
    this.#timeLength = placed.some(({ grouping }) => grouping.by.some(isTimeKey)) ? timeLength : undefined;
    this.#endOfDays = cutoffText(plan.days.toMs) ?? "";
  }

  /** Reads the sums. */
  async readUsage(db: Kysely<LedgerSchema>, context: UsageContext): Promise<void> {
    const { names, plan } = this;
    const { conditions, source, hasUnadopted, only } = context;
    const columns = { names, timeLength: this.#timeLength, only };
    if (!isEmpty(plan.days)) {
      await this.#readDays(db, context);
      if (hasUnadopted) {
        const ofDays = { ...columns, timeLength: this.#timeLength && DAY_LENGTH };
        this.#add(await readExecutions(db, plan.days, conditions.ofExecutions, ofDays, "unadopted", source));
      }
    }
    const costliest = this.#isOneRead ? context.costliest : undefined;
    for (const span of plan.rows) {
      const asked = { ...columns, costliest };
      this.#add(await readExecutions(db, span, conditions.ofExecutions, asked, "all", source));
    }
  }

  /** Whether each row that is read is one group, and used for nothing else. */
  get #isOneRead(): boolean {
    const { days, rows } = this.plan;
    return isEmpty(days) && rows.length === 1 && this.#placed.length === 1 && this.names.length > 0;
  }

  /** Adds durations, for the percentiles. */
  addDurations(rows: readonly DurationRow[]): void {
    for (const row of rows) {
      const time = this.#beginningOf(row.createdAt);
      for (const { grouping, origin } of this.#placed) {
        const tally = grouping.find(row, time) ?? grouping.tallyOf(asSummed(row, origin), time);
        tally.addDuration(row.durationMs);
      }
    }
  }

  /** The sums by name are read once: executions without a label are these sums minus those of the label. */
  async #readDays(db: Kysely<LedgerSchema>, { filter, conditions, only }: UsageContext): Promise<void> {
    const timeLength = this.#timeLength && DAY_LENGTH;
    const byName = this.#placed.filter(({ origin }) => origin === "names");
    const ofLabels = this.#placed.filter(({ origin }) => origin !== "names");
    const names = namesOf(byName);
    const beside = namesOf(ofLabels).filter((name) => name === "ledger");
    const columns = { names: [...new Set([...names, ...beside])], timeLength, only };
    const all = await readDays(db, this.plan.days, conditions.ofDays, columns);
    this.#add(all, byName);
    for (const label of this.labels) {
      const some = ofLabels.filter(({ origin }) => typeof origin !== "string" && origin.label === label);
      const asked = { names: namesOf(some), timeLength, only };
      this.#add(await readLabelDays(db, this.plan.days, label, filter, asked, all), some);
    }
  }

  #add(rows: readonly UsageRow[], placed = this.#placed): void {
    for (const row of rows) {
      // Without a key to group by, SQL returns a row even for no executions.
      if (row.usedIn === 0) continue;
      for (const { grouping } of placed) grouping.tallyOf(row, row.time ?? "").add(row);
    }
  }

  /** The time as the reads return it: for whole days, the day. */
  #beginningOf(createdAt: string): string {
    if (this.#timeLength === undefined) return "";
    // Another program may have stored something other than text.
    const time = String(createdAt);
    return time.slice(0, time < this.#endOfDays ? DAY_LENGTH : this.#timeLength);
  }
}

function namesOf(placed: readonly PlacedGrouping[]): readonly NameKey[] {
  return [...new Set(placed.flatMap(({ grouping }) => grouping.by))].filter(isNameKey);
}

/** Values that came too late to have a sum of their own are in the group of the others. */
function asSummed(row: DurationRow, origin: UsageOrigin): DurationRow {
  return typeof origin === "string" ? row : { ...row, [keyOfLabel(origin.label)]: OTHER_VALUES };
}
