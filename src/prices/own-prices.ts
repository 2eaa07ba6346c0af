import { DAY_MS } from "../record/time";
import { plainName } from "./model-names";
import type { Rates } from "./rates";

/** What a model costs by a contract, or one that the price list lacks, in US dollars per million tokens. */
export interface ModelPrice {
  /**
   * Name of the model, such as `claude-sonnet-4-5`. It stands for names with a date, a version, a variant or what Bedrock
   * puts in front as well, such as `us.anthropic.claude-sonnet-4-5-20250929-v1:0`; letter case does not count.
   */
  readonly model: string;
  /** Provider as records have it. Default: any. */
  readonly provider?: string | undefined;
  /** The service tier that it is the price of, such as `flex`. Default: the standard one. */
  readonly serviceTier?: string | undefined;
  /** UTC day from which it holds, `YYYY-MM-DD`. Of several that are alike the latest counts. Default: always. */
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
  /** `undefined`: the standard one. */
  readonly serviceTier: string | undefined;
  /** Epoch milliseconds. */
  readonly atMs: number;
}

/**
 * The price of one's own that holds; `undefined` without any. One for the provider goes before one for any, one for the
 * very name before one for the name without its date, and then the latest counts.
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

/** Positive when one goes before the other. */
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
