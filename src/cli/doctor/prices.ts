import type { ExpressionBuilder } from "kysely";
import { RunledgerError } from "../../errors";
import type { LedgerSchema } from "../../ledger/schema";
import { openPriceList, type PriceList } from "../../prices/price-list";
import { serviceTierIn } from "../../record/labels";
import type { Ledger } from "../../report/database/ledger";
import { formatCount, formatCountOf, printable } from "../../report/format/values";
import type { Check } from "./finding";

/** So many costs that were reported, the latest, are compared with their estimates. */
const COMPARED = 10_000;
/** A model is named whose median is further off than this, of so many executions at least. */
const TOLERANCE = 0.05;
const LEAST_EXECUTIONS = 5;
const SHOWN_MODELS = 5;
const TOKENS = ["input_tokens", "output_tokens", "cache_read_tokens", "cache_creation_tokens"] as const;

export const prices: Check = {
  name: "prices",
  isLong: true,
  async run({ ledger, dbWord }) {
    if (!ledger.hasRollups) return { level: "ok", message: "not compared in the earlier design" };
    const list = priceList();
    if (list === undefined)
      return { level: "ok", message: "not compared: the package @pydantic/genai-prices is not installed" };
    const unpriced = (await modelsWithoutCost(ledger)).map((used) => ({
      ...used,
      isKnown: list.hasPriceOf({ ...used, atMs: Date.now() }),
    }));
    const unknown = unpriced.filter(({ isKnown }) => !isKnown);
    const known = unpriced.filter(({ isKnown }) => isKnown);
    const ratios = await ratiosByModel(ledger, list);
    const off = ratios.filter(({ ratio }) => Math.abs(ratio - 1) > TOLERANCE);
    if (unpriced.length + off.length === 0) {
      const compared = `${list.name} agrees with what was reported, of ${formatCountOf(ratios.length, "model")}`;
      return { level: "ok", message: ratios.length > 0 ? compared : "there is nothing to compare" };
    }
    const messages = [
      ...(off.length > 0 ? [`${list.name} is off: ${listed(off.map(ratioText))}`] : []),
      ...(unknown.length > 0 ? [`no price for ${listed(unknown.map(countText))}`] : []),
      ...(known.length > 0 ? [`without a cost, but with a price: ${listed(known.map(countText))}`] : []),
    ];
    const remedies = [
      ...(off.length + unknown.length > 0
        ? ["Update @pydantic/genai-prices, or give prices of your own: docs/prices.md."]
        : []),
      ...(known.length > 0 ? [`runledger reprice --db ${dbWord} estimates what nobody reported.`] : []),
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

interface ModelCount {
  readonly provider: string;
  readonly model: string;
  readonly executions: number;
}

/** The models that used tokens at an unknown cost. */
async function modelsWithoutCost({ db }: Ledger): Promise<readonly ModelCount[]> {
  const ofOne = await db
    .selectFrom("executions")
    .select(({ fn }) => ["provider", "model", fn.countAll<number>().as("executions")])
    .where("cost_source", "=", "unknown")
    .where("usage_source", "=", "reported")
    .where(usedOneModel)
    .groupBy(["provider", "model"])
    .execute();
  const ofSeveral = await db
    .selectFrom("execution_models")
    .select(({ fn }) => ["provider", "model", fn.countAll<number>().as("executions")])
    .where("cost_usd", "is", null)
    .where(({ fn }) => fn.coalesce(...TOKENS), "is not", null)
    .groupBy(["provider", "model"])
    .execute();
  return [...ofOne, ...ofSeveral].sort((a, b) => b.executions - a.executions);
}

function usedOneModel({ not, exists, selectFrom }: ExpressionBuilder<LedgerSchema, "executions">) {
  const models = selectFrom("execution_models").select("execution_models.model");
  return not(exists(models.whereRef("execution_models.execution_id", "=", "executions.execution_id")));
}

interface ModelRatio {
  readonly model: string;
  /** The median of estimated to reported costs. */
  readonly ratio: number;
  readonly executions: number;
}

async function ratiosByModel(ledger: Ledger, list: PriceList): Promise<readonly ModelRatio[]> {
  const ratios = new Map<string, number[]>();
  for (const { model, provider, cost_usd, labels, created_at, ...used } of await reportedCosts(ledger)) {
    const estimate = list.costOfRun({
      provider,
      model,
      serviceTier: serviceTierIn(labels),
      atMs: Date.parse(`${created_at}Z`),
      inputTokens: used.input_tokens,
      outputTokens: used.output_tokens,
      cacheReadTokens: used.cache_read_tokens,
      cacheCreationTokens: used.cache_creation_tokens,
    });
    if (estimate === undefined || estimate === 0 || cost_usd === null) continue;
    const known = ratios.get(model);
    if (known === undefined) ratios.set(model, [estimate / cost_usd]);
    else known.push(estimate / cost_usd);
  }
  return [...ratios]
    .map(([model, all]) => ({ model, ratio: median(all), executions: all.length }))
    .filter(({ executions }) => executions >= LEAST_EXECUTIONS);
}

/** What the latest executions with a reported cost used, by model. */
async function reportedCosts({ db }: Ledger) {
  const ofOne = await db
    .selectFrom("executions")
    .select(["provider", "model", "cost_usd", "labels", "created_at", ...TOKENS])
    .where("cost_source", "=", "reported")
    .where("usage_source", "=", "reported")
    .where("cost_usd", ">", 0)
    .where(usedOneModel)
    .orderBy("id", "desc")
    .limit(COMPARED)
    .execute();
  const ofSeveral = await db
    .selectFrom("execution_models as used")
    .innerJoin("executions", "executions.execution_id", "used.execution_id")
    .select(["used.provider", "used.model", "used.cost_usd", "executions.labels", "executions.created_at"])
    .select(TOKENS.map((column) => `used.${column}` as const))
    .where("used.cost_source", "=", "reported")
    .where("used.cost_usd", ">", 0)
    .orderBy("executions.id", "desc")
    .limit(COMPARED)
    .execute();
  return [...ofOne, ...ofSeveral];
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

function listed(texts: readonly string[]): string {
  const more = texts.length - SHOWN_MODELS;
  return `${texts.slice(0, SHOWN_MODELS).join(", ")}${more > 0 ? ` and ${formatCount(more)} more` : ""}`;
}

function countText({ model, executions }: ModelCount): string {
  return `${printable(model)} (${formatCount(executions)})`;
}

function ratioText({ model, ratio, executions }: ModelRatio): string {
  return `${printable(model)} ${ratio.toFixed(3)} times what was reported (median of ${formatCount(executions)})`;
}
