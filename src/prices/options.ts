import * as z from "zod/mini";
import { RunledgerError } from "../errors";
import { explain } from "../validation";
import type { ModelPrice } from "./own-prices";
import type { PriceListOptions } from "./price-list";

const NAME = "a non-empty string";
const DAY = "a day such as 2026-01-31";
/** Far above what any model costs, yet low enough that a cost never overflows to infinity. */
const MOST_USD = 1_000_000;
const AMOUNT = `US dollars per million tokens, from 0 to ${MOST_USD}`;
const PRICES = "an array of prices";

const name = z.string(NAME).check(z.minLength(1, NAME));
const amount = z.number(AMOUNT).check(z.gte(0, AMOUNT), z.lte(MOST_USD, AMOUNT));

const modelPrice = z.strictObject(
  {
    model: name,
    provider: z.optional(name),
    serviceTier: z.optional(name),
    since: z.optional(z.iso.date(DAY)),
    inputPerMillion: amount,
    outputPerMillion: amount,
    cacheReadPerMillion: z.optional(amount),
    cacheCreationPerMillion: z.optional(amount),
    cacheCreation1hPerMillion: z.optional(amount),
  } satisfies Record<keyof ModelPrice, z.ZodMiniType>,
  "an object",
);

const optionsSchema = z.strictObject({
  prices: z.optional(z.array(modelPrice, PRICES)),
} satisfies Record<keyof PriceListOptions, z.ZodMiniType>);

/**
 * @param name What the error message calls the options.
 * @throws {RunledgerError} `INVALID_OPTION`, naming each option that is unknown or wrong.
 */
export function assertPriceListOptions(options: PriceListOptions, name: string): void {
  const result = optionsSchema.safeParse(options, { reportInput: true });
  if (result.success) return;
  throw new RunledgerError("INVALID_OPTION", `${name}: ${explain(result.error, "an object of options")}.`);
}
