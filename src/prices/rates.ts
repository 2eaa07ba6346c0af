import type { FoundPrice, TieredPrice } from "./genai-prices";

/** US dollars per million tokens, of which requests with a larger input may have others. */
export type Rate = number | TieredPrice;

/** What tokens of each kind cost. */
export interface Rates {
  readonly input: Rate;
  /** `undefined` for a model without output, such as one for embeddings. */
  readonly output: Rate | undefined;
  readonly cacheRead: Rate;
  readonly cacheCreation: Rate;
  /** Written to the cache for an hour. */
  readonly cacheCreation1h: Rate;
}

/** Tokens of a request, or of all requests of a run; the kinds don't overlap. Null and `undefined` are unknown. */
export interface PricedTokens {
  readonly inputTokens?: number | null | undefined;
  readonly outputTokens?: number | null | undefined;
  readonly cacheReadTokens?: number | null | undefined;
  readonly cacheCreationTokens?: number | null | undefined;
  /** The part of `cacheCreationTokens` that was written to the cache for an hour. Default 0. */
  readonly cacheCreation1hTokens?: number | null | undefined;
}

const MILLION = 1e6;
/** What Claude asks for a token that it keeps for an hour, in prices of an input token, on every platform. */
const HOUR_OF_INPUT = 2;
/** Prices of something else than tokens, or of some of them: without these a sum would be wrong. */
const UNSUPPORTED = ["requests_kcount", "output_reasoning_mtok", "output_citation_mtok"] as const;

/**
 * The rates of a price of the list. As the list has it, tokens without a price of their own cost what input does.
 *
 * @returns `undefined` when its tokens don't tell what a request costs.
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
 * @param isRequest Whether they are of one request, whose size decides its rates. Tokens of a run, of whose requests
 *   nothing is known, have the rates of small ones.
 * @returns `undefined` when input is unknown, or output that costs something.
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

/** The whole of a request has the rate of the highest tier that its input is above. */
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
