import { DAY_MS } from "../record/time";
import { type GenaiPrices, loadPrices, locatePrices, versionOfPrices } from "./genai-prices";
import { listedNames } from "./model-names";
import { type ModelPrice, ownRates, type PricedName } from "./own-prices";
import { costAt, type PricedTokens, type Rates, ratesOf } from "./rates";

/** Tokens, and what decides their price. */
export interface PricedUsage extends PricedTokens {
  readonly provider: string;
  readonly model: string;
  /** As the provider calls it. Default: the standard tier. */
  readonly serviceTier?: string | undefined;
  /** When they were used, in epoch milliseconds. */
  readonly atMs: number;
}

/** Estimates costs. There is no estimate for an unknown model, or for tokens that weren't counted. */
export interface PriceList {
  /** Its package and version, such as `@pydantic/genai-prices 0.1.8`, and whether own prices take precedence. */
  readonly name: string;
  /** The cost of one request in US dollars, at the rates for its size; `undefined` if it is unknown. */
  costOfRequest(usage: PricedUsage): number | undefined;
  /** The same for the total usage of a run, as if each of its requests were a small one. */
  costOfRun(usage: PricedUsage): number | undefined;
  /** Whether it has a price for a model, at the standard tier unless another one is given. */
  hasPriceOf(usage: Pick<PricedUsage, "provider" | "model" | "serviceTier" | "atMs">): boolean;
}

export interface PriceListOptions {
  /** Prices that take precedence over the list: for a contract, a service tier, or a model that isn't on the list. */
  readonly prices?: readonly ModelPrice[] | undefined;
}

/** What a thread needs if it can't find the package by itself. */
export interface EstimateOptions extends PriceListOptions {
  /** Where the package is; `undefined` if it is compiled in. */
  readonly location: string | undefined;
}

/** The rates that were last looked up for a model. */
interface Latest extends Pick<PricedUsage, "provider" | "serviceTier"> {
  readonly day: number;
  readonly rates: Rates | undefined;
}

/** How many rates are cached, by model, provider, service tier and day. */
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
    // Loaded on use, because most users have no prices of their own.
    const { assertPriceListOptions } = require("./options") as typeof import("./options");
    assertPriceListOptions(options, "price list");
  }
  return loadPriceList({ ...options, location: locatePrices() });
}

/** The same, with options that were already checked. */
export function loadPriceList({ prices = [], location }: EstimateOptions): PriceList {
  const list = loadPrices(location);
  const remembered = new Map<string, Rates | undefined>();
  /** By model: the next lookup is mostly the same again, and needs no key here. */
  const latest = new Map<string, Latest>();

  function ratesAt(usage: PricedUsage): Rates | undefined {
    const { provider, model, serviceTier, atMs } = usage;
    const day = Math.floor(atMs / DAY_MS);
    const last = latest.get(model);
    if (last?.day === day && last.provider === provider && last.serviceTier === serviceTier)
      return last.rates;
    // The key has lengths because no separator is safe: a name may contain any character.
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

/** `isOfDay`: whether the rates apply to the whole day. */
function findRates(
  list: GenaiPrices,
  prices: readonly ModelPrice[],
  name: PricedName,
): { readonly rates: Rates | undefined; readonly isOfDay: boolean } {
  const own = ownRates(prices, name);
  // The list only has prices of the standard tier.
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
