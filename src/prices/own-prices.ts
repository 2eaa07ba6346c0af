import { DAY_MS } from "../record/time";
import { plainName } from "./model-names";
import type { Rates } from "./rates";

/** A price by contract, or of a model that isn't on the price list, in US dollars per million tokens. */
export interface ModelPrice {
  /**
   * Name of the model, such as `claude-sonnet-4-5`. It also matches the name with a date, a version, a variant or
   * Bedrock's prefix, such as `us.anthropic.claude-sonnet-4-5-20250929-v1:0`. Case doesn't matter.
   */
  readonly model: string;
  /** Provider as records have it. Default: any. */
  readonly provider?: string | undefined;
  /** The service tier that the price is for, such as `flex`. Default: the standard tier. */
  readonly serviceTier?: string | undefined;
  /** UTC day from which the price applies, `YYYY-MM-DD`. Of equal matches the latest wins. Default: always. */
  readonly since?: string | undefined;
  /** Uncached input. */
  readonly inputPerMillion: number;
  /** Output. */
  readonly outputPerMillion: number;
  /** Input read from the prompt cache. Default: as uncached input. */
  readonly cacheReadPerMillion?: number | undefined;
  /** Input written to the prompt cache. Default: as uncached input. */
  readonly cacheCreationPerMillion?: number | undefined;
  /** Input written to the prompt cache for an hour. Default: as `cacheCreationPerMillion`. */
  readonly cacheCreation1hPerMillion?: number | undefined;
}

/** What a price is looked up by. */
export interface PricedName {
  readonly provider: string;
  readonly model: string;
  /** `undefined` is the standard tier. */
  readonly serviceTier: string | undefined;
  /** Epoch milliseconds. */
  readonly atMs: number;
}

/**
 * The rates of the user's own price that applies; `undefined` if none does. A price for the provider wins over one for
 * any provider, then one for the exact name over one that only matches it, and then the one with the latest `since`.
 */
export function ownRates(prices: readonly ModelPrice[], name: PricedName): Rates | undefined {
  const endOfDay = (Math.floor(name.atMs / DAY_MS) + 1) * DAY_MS;
  let found: ModelPrice | undefined;
  for (const price of prices) {
    const isMeant =
      plainName(price.model) === plainName(name.model) &&
      (price.provider === undefined || isSame(price.provider, name.provider)) &&
      price.serviceTier?.toLowerCase() === name.serviceTier &&
      sinceMs(price) < endOfDay;
    if (isMeant && (found === undefined || compare(price, found, name) >= 0)) found = price;
  }
  return found && toRates(found);
}

/** Positive if `one` wins over `other`. */
function compare(one: ModelPrice, other: ModelPrice, { model }: PricedName): number {
  return (
    Number(one.provider !== undefined) - Number(other.provider !== undefined) ||
    Number(isSame(one.model, model)) - Number(isSame(other.model, model)) ||
    sinceMs(one) - sinceMs(other)
  );
}

function sinceMs({ since }: ModelPrice): number {
  return since === undefined ? 0 : Date.parse(since);
}

function isSame(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}

function toRates(price: ModelPrice): Rates {
  const { inputPerMillion: input, outputPerMillion: output } = price;
  const cacheCreation = price.cacheCreationPerMillion ?? input;
  return {
    input,
    output,
    cacheRead: price.cacheReadPerMillion ?? input,
    cacheCreation,
    cacheCreation1h: price.cacheCreation1hPerMillion ?? cacheCreation,
  };
}
