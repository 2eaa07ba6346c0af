import type { ExpressionBuilder } from "kysely";
import { firstOf } from "../describe";
import { RunledgerError } from "../errors";
import { usageOf, usageOfRun } from "../ledger/estimate";
import type { LedgerSchema } from "../ledger/schema";
import { openPriceList, type PricedUsage, type PriceList } from "../prices/price-list";
import { providerOf } from "../record/provider";
import type { Ledger } from "../report/database/ledger";
import { formatCount, formatCountOf, printable } from "../report/format/values";
import { median } from "../report/median";
import type { Check } from "./finding";

/** How many of the latest executions are compared: of those with one model, and of those with several. */
const MOST_EXECUTIONS = 10_000;
/** A model is reported if its median is off by more than this, over at least this many executions. */
const TOLERANCE = 0.05;
const LEAST_EXECUTIONS = 5;
const SHOWN_MODELS = 5;
const MODEL_COLUMNS = [
  "used.provider",
  "used.model",
  "used.input_tokens",
  "used.output_tokens",
  "used.cache_read_tokens",
  "used.cache_creation_tokens",
  "used.cost_usd",
] as const;

export const prices: Check = {
  name: "prices",
  isLong: true,
  async run({ ledger, dbWord }) {
    if (!ledger.hasRollups) return { level: "ok", message: "not compared in the earlier design" };
    const list = priceList();
    if (list === undefined)
      return { level: "ok", message: "not compared: the package @pydantic/genai-prices is not installed" };
    const unpriced = await usagesOf(ledger, "unknown");
    // Usage on another service tier, or without tokens, has no estimate either way, so it doesn't show a missing price.
    const without = tally(
      unpriced.filter(
        ({ usage }) => hasTokens(usage) && !list.hasPriceOf({ ...usage, serviceTier: undefined }),
      ),
    );
    const priceable = tally(unpriced.filter(({ usage }) => list.costOfRun(usage) !== undefined));
    const ratios = ratiosByModel(await usagesOf(ledger, "reported"), list);
    const off = ratios.filter(({ ratio }) => Math.abs(ratio - 1) > TOLERANCE);
    if (without.length + priceable.length + off.length === 0) {
      const compared = `${list.name} agrees with what was reported, of ${formatCountOf(ratios.length, "model")}`;
      return { level: "ok", message: ratios.length > 0 ? compared : "there is nothing to compare" };
    }
    const messages = [
      ...(off.length > 0 ? [`${list.name} is off: ${listed(off.map(ratioText))}`] : []),
      ...(without.length > 0 ? [`no price for ${listed(without.map(countText))}`] : []),
      ...(priceable.length > 0
        ? [`without a cost, but with a price: ${listed(priceable.map(countText))}`]
        : []),
    ];
    const remedies = [
      ...(off.length + without.length > 0
        ? ["Update @pydantic/genai-prices, or give prices of your own: docs/prices.md."]
        : []),
      ...(priceable.length > 0 ? [`runledger reprice --db ${dbWord} estimates what nobody reported.`] : []),
    ];
    return { level: "note", message: messages.join("; "), remedy: remedies.join(" ") };
  },
};

function priceList(): PriceList | undefined {
  try {
    return openPriceList();
  } catch (error) {
    if (error instanceof RunledgerError && error.code === "MISSING_PACKAGE") return undefined;
    throw error;
  }
}

/** A model's usage in one execution, and its cost. */
interface ModelCost {
  readonly usage: PricedUsage;
  readonly costUsd: number | null;
}

/** The latest usage of models whose cost is unknown, or was reported. */
async function usagesOf({ db }: Ledger, source: "unknown" | "reported"): Promise<readonly ModelCost[]> {
  const ofOne = await db
    .selectFrom("executions")
    .selectAll()
    .where("cost_source", "=", source)
    .where("usage_source", "=", "reported")
    .where((row) => row.not(row.exists(modelsOf(row))))
    .orderBy("id", "desc")
    .limit(MOST_EXECUTIONS)
    .execute();
  const ofSeveral = await db
    .selectFrom("execution_models as used")
    .innerJoin("executions", "executions.execution_id", "used.execution_id")
    .select([...MODEL_COLUMNS, "executions.labels", "executions.created_at"])
    .where("executions.cost_source", source === "unknown" ? "=" : "!=", "unknown")
    .where("used.cost_source", "=", source)
    // If the sum is known but a model's cost isn't, the whole sum was put under the main model.
    .$if(source === "reported", (query) =>
      query.where((row) => row.not(row.exists(modelsOf(row).where("execution_models.cost_usd", "is", null)))),
    )
    .orderBy("executions.id", "desc")
    .limit(MOST_EXECUTIONS)
    .execute();
  return [
    ...ofOne.map((row) => ({ usage: usageOfRun(row), costUsd: row.cost_usd })),
    ...ofSeveral.map((used) => ({ usage: usageOf(used, used), costUsd: used.cost_usd })),
  ];
}

function hasTokens(usage: PricedUsage): boolean {
  const { inputTokens, outputTokens, cacheReadTokens, cacheCreationTokens } = usage;
  return (inputTokens ?? outputTokens ?? cacheReadTokens ?? cacheCreationTokens) != null;
}

function modelsOf({ selectFrom }: ExpressionBuilder<LedgerSchema, "executions">) {
  return selectFrom("execution_models")
    .select("execution_models.model")
    .whereRef("execution_models.execution_id", "=", "executions.execution_id");
}

interface ModelCount {
  readonly name: string;
  readonly executions: number;
}

/** The most frequent first. */
function tally(costs: readonly ModelCost[]): readonly ModelCount[] {
  return Array.from(Map.groupBy(costs, nameOf), ([name, { length }]) => ({ name, executions: length })).sort(
    (a, b) => b.executions - a.executions,
  );
}

interface ModelRatio extends ModelCount {
  /** The median ratio of estimated to reported cost. */
  readonly ratio: number;
}

function ratiosByModel(costs: readonly ModelCost[], list: PriceList): readonly ModelRatio[] {
  const compared = costs.flatMap((cost) => {
    const estimate = list.costOfRun(cost.usage);
    return estimate && cost.costUsd ? [{ ...cost, ratio: estimate / cost.costUsd }] : [];
  });
  return Array.from(Map.groupBy(compared, nameOf), ([name, all]) => ({
    name,
    ratio: median(all.map(({ ratio }) => ratio)),
    executions: all.length,
  })).filter(({ executions }) => executions >= LEAST_EXECUTIONS);
}

/** The model's name, with its provider if the name doesn't imply it. */
function nameOf({ usage: { provider, model } }: ModelCost): string {
  return printable(provider === providerOf(model) ? model : `${model} of ${provider}`);
}

function listed(texts: readonly string[]): string {
  return firstOf(texts, SHOWN_MODELS);
}

function countText({ name, executions }: ModelCount): string {
  return `${name} (${formatCount(executions)})`;
}

function ratioText({ name, ratio, executions }: ModelRatio): string {
  return `${name} ${ratio.toFixed(3)} times what was reported (median of ${formatCount(executions)})`;
}
