import { providerOf } from "./provider";
import type { ParsedRecord } from "./schema";
import type { AmountsUsed, CostSource, ModelUsage } from "./types";

/** The kinds of tokens. */
export const TOKENS = [
  "inputTokens",
  "outputTokens",
  "cacheReadTokens",
  "cacheCreationTokens",
] as const satisfies readonly (keyof AmountsUsed)[];

/** The amounts that models add up to. */
export const AMOUNTS = [...TOKENS, "costUsd"] as const;
type Amount = (typeof AMOUNTS)[number];

/** Floating point sums depend on the order of addition: a smaller difference, relative to the sum, doesn't count. */
const TOLERANCE = 1e-9;

/** What one of several models of a run used; `undefined` is unknown. */
export type UsedModel = { model: string; provider: string; costSource: CostSource } & {
  [Name in Amount]: number | undefined;
};

/** A valid record: its own amounts are the sums over its models, one of which is the main model. */
export type ValidRecord = Omit<ParsedRecord, "model" | "models"> & {
  readonly model: string;
  /** Two or more; `undefined` when the run used one model. */
  readonly models?: readonly UsedModel[] | null | undefined;
  /** Whether the cost of one of the models is unknown: the sum is that of the others. */
  readonly isCostPartial?: boolean;
  /** The same for tokens. */
  readonly isUsagePartial?: boolean;
};

/** A field of a record that contradicts the others. */
export class ContradictionError extends Error {}

/**
 * Completes a record from its models: the main model, and its own amounts. Amounts that the record has but no model
 * does count under the main model.
 *
 * @throws {ContradictionError} if an amount of the record differs from the sum over its models.
 */
export function settleModels(record: ParsedRecord, given: readonly ModelUsage[]): ValidRecord {
  const models = merge(record, given);
  const wereComplete = (name: Amount) => models.every((model) => model[name] !== undefined);
  const complete = new Set(AMOUNTS.filter(wereComplete));
  const isUsagePartial = isUsageUnknown(record) && models.some(isUsageUnknown);
  const isCostPartial = record.costUsd == null && !complete.has("costUsd");
  const main = mainModel(record, models);
  const totals = Object.fromEntries(
    AMOUNTS.map((name) => [name, settle(name, record[name], models, main, complete.has(name))]),
  );
  const isEstimated = models.some(
    ({ costUsd, costSource }) => costUsd !== undefined && costSource === "estimated",
  );
  return {
    ...record,
    ...totals,
    model: main.model,
    provider: main.provider,
    costSource: isEstimated ? "estimated" : "reported",
    models: models.length > 1 ? models : undefined,
    isCostPartial,
    isUsagePartial,
  };
}

/** The models of a record, each once. */
function merge(record: ParsedRecord, given: readonly ModelUsage[]): UsedModel[] {
  const models: UsedModel[] = [];
  for (const usage of given) {
    // Compared in UTF-8, as they are stored: two ill-formed names may become the same.
    const model = usage.model.toWellFormed();
    const provider = (usage.provider ?? record.provider ?? providerOf(model)).toWellFormed();
    const known = models.find((used) => used.model === model && used.provider === provider);
    const costSource = usage.costSource ?? record.costSource ?? "reported";
    if (known === undefined) {
      models.push({ ...unused(model, provider, costSource), ...amountsOf(usage) });
      continue;
    }
    for (const name of AMOUNTS) known[name] = sum([known[name], usage[name] ?? undefined]);
    if (costSource === "estimated") known.costSource = costSource;
  }
  return models;
}

function unused(model: string, provider: string, costSource: CostSource): UsedModel {
  return { model, provider, costSource, ...amountsOf({}) };
}

function amountsOf(usage: AmountsUsed): Pick<UsedModel, Amount> {
  return Object.fromEntries(AMOUNTS.map((name) => [name, usage[name] ?? undefined])) as Pick<
    UsedModel,
    Amount
  >;
}

/**
 * The model that the record names, which is added if it isn't among them; else the costliest, then the one with most
 * output.
 */
function mainModel(record: ParsedRecord, models: UsedModel[]): UsedModel {
  const [model, provider] = [record.model?.toWellFormed(), record.provider?.toWellFormed()];
  if (model === undefined) {
    return models.reduce((main, other) => (isMore(other, main) ? other : main));
  }
  const named = models.find(
    (used) => used.model === model && (provider === undefined || used.provider === provider),
  );
  if (named !== undefined) return named;
  const added = unused(model, provider ?? providerOf(model), record.costSource ?? "reported");
  models.push(added);
  return added;
}

function isMore(one: UsedModel, other: UsedModel): boolean {
  const difference = (one.costUsd ?? 0) - (other.costUsd ?? 0);
  return difference === 0 ? (one.outputTokens ?? 0) > (other.outputTokens ?? 0) : difference > 0;
}

/** Returns the record's amount, and adds to the main model what the models don't account for. */
function settle(
  name: Amount,
  own: number | null | undefined,
  models: readonly UsedModel[],
  main: UsedModel,
  isComplete: boolean,
): number | undefined {
  const total = sum(models.map((model) => model[name]));
  if ((total ?? 0) > Number.MAX_SAFE_INTEGER) {
    throw new ContradictionError(
      `${name}: expected models that add up to ${Number.MAX_SAFE_INTEGER} at most`,
    );
  }
  if (own == null) return total;
  const difference = own - (total ?? 0);
  if (Math.abs(difference) <= (name === "costUsd" ? TOLERANCE * Math.max(1, own) : 0) && total !== undefined)
    return own;
  if (difference >= 0 && !isComplete) {
    main[name] = (main[name] ?? 0) + difference;
    return own;
  }
  const by = `${Math.abs(difference)} ${difference > 0 ? "more" : "less"}`;
  throw new ContradictionError(`${name}: expected the sum of models, ${total}, received ${own}, ${by}`);
}

/** The sum of the known values; `undefined` if there are none. */
function sum(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : known.reduce((total, value) => total + value, 0);
}

function isUsageUnknown(usage: AmountsUsed): boolean {
  const { inputTokens, outputTokens, cacheReadTokens, cacheCreationTokens } = usage;
  return (inputTokens ?? outputTokens ?? cacheReadTokens ?? cacheCreationTokens) == null;
}
