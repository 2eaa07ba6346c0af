import { DAY_MS } from "../record/time";
import { type GenaiPrices, loadPrices, locatePrices, versionOfPrices } from "./genai-prices";
import { listedNames } from "./model-names";
import { type ModelPrice, ownRates, type PricedName } from "./own-prices";
import { costAt, type PricedTokens, type Rates, ratesOf } from "./rates";

/** Tokens, and what decides their price. */
export interface PricedUsage extends PricedTokens {
  readonly provider: string;
  readonly model: string;
  /** As the provider calls it. Default: the standard one. */
  readonly serviceTier?: string | undefined;
  /** When they were used, in epoch milliseconds. */
  readonly atMs: number;
}

/** Estimates costs. Unknown models, and tokens that nobody counted, have none. */
export interface PriceList {
  /** Its package and version, such as `@pydantic/genai-prices 0.1.8`, and whether own prices go before it. */
  readonly name: string;
  /** The cost of one request in US dollars, with the rates for its size; `undefined` when it is unknown. */
  costOfRequest(usage: PricedUsage): number | undefined;
  /** The same for what the requests of a run used together, each taken to be a small one. */
  costOfRun(usage: PricedUsage): number | undefined;
  /** Whether it has a price for a model, at the standard tier unless another is asked for. */
  hasPriceOf(usage: Pick<PricedUsage, "provider" | "model" | "serviceTier" | "atMs">): boolean;
}

export interface PriceListOptions {
  /** Prices that go before those of the list: of a contract, of a service tier, or of a model that it lacks. */
  readonly prices?: readonly ModelPrice[] | undefined;
}

/** What a thread that can't find the package by itself needs to know. */
export interface EstimateOptions extends PriceListOptions {
  /** Where the package is; `undefined` where it is compiled in. */
  readonly location: string | undefined;
}

/** What rates were last asked for of a model. */
interface Latest extends Pick<PricedUsage, "provider" | "serviceTier"> {
  readonly day: number;
  readonly rates: Rates | undefined;
}

/** So many rates are remembered, by model, provider and day. */
const MOST_RATES = 10_000;

/**
 * Loads the prices of the optional package `@pydantic/genai-prices`, which takes about 60 ms and opens no connection.
 *
 * @throws {RunledgerError} `MISSING_PACKAGE`, `INVALID_OPTION`
 * @example
 * ```ts
 * const prices = openPriceList();
 * app.emitter.emit("execution:completed", fromOpenAiResponse(response, { repo, eventType, prices }));
 * ```
 */
export function openPriceList(options?: PriceListOptions): PriceList {
  if (options !== undefined) {
    // Loaded on use: most have no prices of their own.
    const { assertPriceListOptions } = require("./options") as typeof import("./options");
    assertPriceListOptions(options, "price list");
  }
  return loadPriceList({ ...options, location: locatePrices() });
}

/** The same with options that were checked before. */
export function loadPriceList({ prices = [], location }: EstimateOptions): PriceList {
  const list = loadPrices(location);
  const remembered = new Map<string, Rates | undefined>();
  /** By model: mostly the same again, and found without making a key. */
  const latest = new Map<string, Latest>();

  function ratesAt(usage: PricedUsage): Rates | undefined {
    const { provider, model, serviceTier, atMs } = usage;
    const day = Math.floor(atMs / DAY_MS);
    const last = latest.get(model);
    if (last?.day === day && last.provider === provider && last.serviceTier === serviceTier)
      return last.rates;
    // With lengths, because no separator is safe: a name may contain any character.
    const lengths = `${day},${model.length},${provider.length}`;
    const key = `${lengths},${model}${provider}${serviceTier ?? ""}`;
    const known = remembered.get(key);
    if (known !== undefined || remembered.has(key)) {
      latest.set(model, { day, provider, serviceTier, rates: known });
      return known;
    }
    const name = { provider, model, serviceTier, atMs };
    const { rates, isOfDay } = findRates(list, prices, name);
    if (remembered.size >= MOST_RATES) {
      remembered.clear();
      latest.clear();
    }
    if (isOfDay) remembered.set(key, rates);
    return rates;
  }

  const cost = (usage: PricedUsage, isRequest: boolean) => {
    const rates = ratesAt(usage);
    return rates && costAt(rates, usage, isRequest);
  };
  return {
    name: `@pydantic/genai-prices ${versionOfPrices(location) ?? "of unknown version"}${prices.length > 0 ? ", after own prices" : ""}`,
    costOfRequest: (usage) => cost(usage, true),
    costOfRun: (usage) => cost(usage, false),
    hasPriceOf: (usage) => ratesAt(usage) !== undefined,
  };
}

/** `isOfDay`: whether they are those of the whole day. */
function findRates(
  list: GenaiPrices,
  prices: readonly ModelPrice[],
  name: PricedName,
): { readonly rates: Rates | undefined; readonly isOfDay: boolean } {
  const own = ownRates(prices, name);
  // What is asked for another tier is on no list.
  if (own !== undefined || name.serviceTier !== undefined) return { rates: own, isOfDay: true };
  const timestamp = new Date(name.atMs);
  for (const { providerId, modelId } of listedNames(name.provider, name.model)) {
    const found = list.calcPrice({}, modelId, { providerId, timestamp });
    if (found === null) continue;
    const isClaude = modelId.includes("claude");
    return { rates: ratesOf(found, isClaude), isOfDay: !dependsOnTime(found.model.prices) };
  }
  return { rates: undefined, isOfDay: true };
}

function dependsOnTime(prices: unknown): boolean {
  return Array.isArray(prices) && prices.some((price) => price?.constraint?.type === "time_of_date");
}
