import { DAY_MS } from "../record/time";
import type { Rates } from "./rates";

/** What a model costs by a contract, or one that the price list lacks, in US dollars per million tokens. */
export interface ModelPrice {
  /** Name of the model as records have it, such as `claude-sonnet-4-5`; letter case does not count. */
  readonly model: string;
  /** Provider as records have it. Default: any. */
  readonly provider?: string | undefined;
  /** The service tier that it is the price of, such as `flex`. Default: the standard one. */
  readonly serviceTier?: string | undefined;
  /** UTC day from which it holds, `YYYY-MM-DD`. Of several prices the latest counts. Default: always. */
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

/** The latest of one's own prices that holds; `undefined` without any. */
export function ownRates(
  prices: readonly ModelPrice[],
  { provider, model, serviceTier, atMs }: PricedName,
): Rates | undefined {
  const sinceMs = ({ since }: ModelPrice) => (since === undefined ? -Infinity : Date.parse(since));
  const endOfDay = (Math.floor(atMs / DAY_MS) + 1) * DAY_MS;
  let found: ModelPrice | undefined;
  for (const price of prices) {
    const isMeant =
      isSame(price.model, model) &&
      (price.provider === undefined || isSame(price.provider, provider)) &&
      price.serviceTier === serviceTier &&
      sinceMs(price) < endOfDay;
    if (isMeant && (found === undefined || sinceMs(price) >= sinceMs(found))) found = price;
  }
  return found && toRates(found);
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
