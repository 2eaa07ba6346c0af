import { firstOf } from "../describe";
import { MOST_VALUES, OTHER_VALUES } from "../ledger/schema";
import { dayOf, toLedgerTime } from "../record/time";
import type { LaterExecutions } from "./later-executions";
import { PERCENTILE_SAMPLE, type Usage } from "./types";
import { isEmpty, type UsagePlan } from "./usage-plan";
import type { ModelWithoutCost } from "./without-cost";

/** What the notes of an answer are made from. */
export interface UsageFacts {
  readonly hasRollups: boolean;
  readonly purgedBeforeMs: number | undefined;
  readonly plan: UsagePlan;
  /** The plan for days of a zone other than UTC, if the question has any. */
  readonly planOfOtherDays: UsagePlan | undefined;
  /** Whether executions of the period may have been purged. */
  readonly isPurged: boolean;
  /** Whether everything is read from executions. */
  readonly areTotalsOfRows: boolean;
  /** Whether any groups other than the totals are. */
  readonly areGroupsOfRows: boolean;
  readonly crowded: readonly CrowdedLabel[];
  readonly totals: Usage;
  /** Days that are marked as unusual. */
  readonly unusualDays: readonly string[];
  /** Models without a price, if costs are estimated. */
  readonly withoutCost: readonly ModelWithoutCost[];
  /** How many of the uses of a model are not as the execution's main model. */
  readonly usedBeside: number;
  /** Executions dated after today. */
  readonly later: LaterExecutions | undefined;
  /** Whether the percentiles are computed from the durations of all executions. */
  readonly areAllRead: boolean;
}

/** A label that had too many values on this many days. */
export interface CrowdedLabel {
  readonly label: string;
  readonly days: number;
}

/** What a reader of an answer should know, as sentences. */
export function notesOn(facts: UsageFacts): string[] {
  return [
    ...notesOnDesign(facts),
    ...notesOnPurge(facts),
    ...notesOnLabels(facts),
    ...notesOnUnusual(facts),
    ...notesOnModels(facts),
    ...notesOnUnknown(facts),
    ...notesOnPrices(facts),
    ...notesOnPercentiles(facts),
    ...notesOnLater(facts),
  ];
}

function* notesOnDesign({ hasRollups }: UsageFacts): Generator<string> {
  if (hasRollups) return;
  yield "This ledger is of the earlier one-table design: it has no sums by day, so all its executions were read.";
}

function* notesOnPurge(facts: UsageFacts): Generator<string> {
  const { purgedBeforeMs, plan, planOfOtherDays, isPurged, areTotalsOfRows, areGroupsOfRows } = facts;
  if (purgedBeforeMs === undefined || !isPurged) return;
  const before = new Date(purgedBeforeMs).toISOString();
  if (areTotalsOfRows) {
    yield `Executions before ${before} were purged and are not in here: no sum has a pull request, a session, or a label together with anything else.`;
    return;
  }
  yield `Executions before ${before} were purged: their sums are in here, but no percentiles of theirs.`;
  if (areGroupsOfRows)
    yield "These groups are only of executions that were not purged: together they are less than the totals.";
  if (planOfOtherDays !== undefined && !isEmpty(planOfOtherDays.days)) {
    yield `Only sums by day of UTC are left of them: up to ${dayBefore(planOfOtherDays.days.toMs)} days are those of UTC.`;
  }
  if (plan.leftOutDayMs !== undefined) {
    yield `${dayAt(plan.leftOutDayMs)} (UTC) is not in here: a part was asked for, and only its whole is known.`;
  }
  if (plan.wholeDayMs !== undefined) {
    yield `${dayAt(plan.wholeDayMs)} (UTC) is all in here: a part was asked for, and only its whole is known.`;
  }
}

function* notesOnLabels({ crowded }: UsageFacts): Generator<string> {
  for (const { label, days } of crowded) {
    yield `On ${days === 1 ? "1 day" : `${days.toLocaleString("en")} days`} the label ${label} had more than ${MOST_VALUES.toLocaleString("en")} values: those that came later are together, as ${OTHER_VALUES}.`;
  }
}

const MOST_DAYS = 5;

function* notesOnUnusual({ unusualDays }: UsageFacts): Generator<string> {
  if (unusualDays.length === 0) return;
  const named = unusualDays.slice(-MOST_DAYS).join(", ");
  const more = unusualDays.length > MOST_DAYS ? ` and ${unusualDays.length - MOST_DAYS} days before` : "";
  yield `! More than 3 times the median of the same weekdays of the 8 weeks before: ${named}${more}.`;
}

function* notesOnModels({ usedBeside }: UsageFacts): Generator<string> {
  if (usedBeside === 0) return;
  const [executions, their, they] =
    usedBeside === 1 ? ["execution", "its", "it counts"] : ["executions", "their", "they count"];
  yield `${usedBeside.toLocaleString("en")} ${executions} used it beside ${their} main model: tokens and cost are in here, ${they} under the main model.`;
}

/** If a figure is unknown for all executions, that is visible without a note. */
function* notesOnUnknown({ totals }: UsageFacts): Generator<string> {
  const { executions, withoutDuration, withoutTurns } = totals;
  const unknown = [
    { what: "duration", count: withoutDuration },
    { what: "number of turns", count: withoutTurns },
  ].filter(({ count }) => count > 0 && count < executions);
  if (unknown.length === 0) return;
  const parts = unknown.map(({ what, count }) => `the ${what} of ${count.toLocaleString("en")}`);
  yield `Of ${executions.toLocaleString("en")} executions, ${parts.join(" and ")} ${unknown.length === 1 ? "is" : "are"} unknown: averages are over the others.`;
}

const MOST_MODELS = 5;

function* notesOnPrices({ withoutCost }: UsageFacts): Generator<string> {
  if (withoutCost.length === 0) return;
  const named = withoutCost.map(({ model, executions }) => `${model} (${executions.toLocaleString("en")})`);
  yield `Executions without a cost, by model: ${firstOf(named, MOST_MODELS)}.`;
}

function* notesOnPercentiles({ totals, areAllRead }: UsageFacts): Generator<string> {
  if (areAllRead || totals.executions <= PERCENTILE_SAMPLE) return;
  yield `Percentiles are over the latest ${PERCENTILE_SAMPLE.toLocaleString("en")} executions.`;
}

function* notesOnLater({ later }: UsageFacts): Generator<string> {
  if (later === undefined) return;
  const { count, last, areCounted } = later;
  const [are, until] = count === 1 ? ["execution is", ""] : ["executions are", "up to "];
  yield `${count.toLocaleString("en")} ${are} dated after today, ${until}${dayOf(`${last}`)} (UTC): ${areCounted ? "" : "not "}in here.`;
}

function dayAt(epochMs: number): string {
  return dayOf(toLedgerTime(epochMs));
}

function dayBefore(epochMs: number): string {
  return dayAt(epochMs - 1);
}
