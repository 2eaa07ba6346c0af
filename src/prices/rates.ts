import type { FoundPrice, TieredPrice } from "./genai-prices";

/** US dollars per million tokens. Requests with a larger input may have a higher rate. */
export type Rate = number | TieredPrice;

/** What tokens of each kind cost. */
export interface Rates {
  readonly input: Rate;
  /** `undefined` for a model without output tokens, such as one for embeddings. */
  readonly output: Rate | undefined;
  readonly cacheRead: Rate;
  readonly cacheCreation: Rate;
  /** Written to the cache for an hour. */
  readonly cacheCreation1h: Rate;
}

/** Tokens of a request, or of all requests of a run. The kinds don't overlap. Null and `undefined` mean unknown. */
export interface PricedTokens {
  readonly inputTokens?: number | null | undefined;
  readonly outputTokens?: number | null | undefined;
  readonly cacheReadTokens?: number | null | undefined;
  readonly cacheCreationTokens?: number | null | undefined;
  /** The part of `cacheCreationTokens` that was written to the cache for an hour. Default 0. */
  readonly cacheCreation1hTokens?: number | null | undefined;
}

const MILLION = 1e6;
/** A Claude token that is cached for an hour costs this many times an input token, on every platform. */
const HOUR_OF_INPUT = 2;
/** Prices for something other than tokens, or for only some tokens. We can't apply them, so the sum would be wrong. */
const UNSUPPORTED = ["requests_kcount", "output_reasoning_mtok", "output_citation_mtok"] as const;

/**
 * The rates of a price on the list. By the list's rules, cached tokens without their own price cost as much as input.
 *
 * @returns `undefined` if the cost of a request doesn't follow from its tokens.
 * @see https://platform.claude.com/docs/en/about-claude/pricing
 */
export function ratesOf({ model_price: price }: FoundPrice, isClaude: boolean): Rates | undefined {
  const input = price["input_mtok"];
  if (input === undefined || UNSUPPORTED.some((name) => price[name] !== undefined)) return undefined;
  const cacheCreation = price["cache_write_mtok"] ?? input;
  const anHour = isClaude ? times(input, HOUR_OF_INPUT) : cacheCreation;
  return {
    input,
    output: price["output_mtok"],
    cacheRead: price["cache_read_mtok"] ?? input,
    cacheCreation,
    cacheCreation1h: price["cache_write_1h_mtok"] ?? anHour,
  };
}

/**
 * What tokens cost, in US dollars.
 *
 * @param isRequest Whether the tokens are of one request, whose size decides its rates. The tokens of a whole run get
 *   the rates of small requests, because the size of its requests is unknown.
 * @returns `undefined` if the input is unknown, or if the output is unknown and has a price.
 */
export function costAt(rates: Rates, tokens: PricedTokens, isRequest: boolean): number | undefined {
  const { inputTokens, outputTokens, cacheReadTokens, cacheCreationTokens, cacheCreation1hTokens } = tokens;
  if (inputTokens == null || (outputTokens == null && rates.output !== undefined)) return undefined;
  const read = cacheReadTokens ?? 0;
  const written = cacheCreationTokens ?? 0;
  const anHour = Math.min(cacheCreation1hTokens ?? 0, written);
  const size = isRequest ? inputTokens + read + written : 0;
  const perMillion =
    inputTokens * rateAt(rates.input, size) +
    (outputTokens ?? 0) * rateAt(rates.output ?? 0, size) +
    read * rateAt(rates.cacheRead, size) +
    (written - anHour) * rateAt(rates.cacheCreation, size) +
    anHour * rateAt(rates.cacheCreation1h, size);
  return perMillion / MILLION;
}

/** The whole request has the rate of the highest tier that its input exceeds. */
function rateAt(rate: Rate, size: number): number {
  if (typeof rate === "number") return rate;
  let found = rate.base;
  for (const { start, price } of rate.tiers) if (size > start) found = price;
  return found;
}

function times(rate: Rate, factor: number): Rate {
  if (typeof rate === "number") return rate * factor;
  const tiers = rate.tiers.map(({ start, price }) => ({ start, price: price * factor }));
  return { base: rate.base * factor, tiers };
}
