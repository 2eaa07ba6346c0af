import { RunledgerError } from "../errors";
import { openPriceList, type PriceList } from "../prices/price-list";

/** The description of `--prices`. */
export const PRICES_HELP =
  "prices that take precedence over the list, in the format of estimateCost: a JSON array";

/**
 * The price list; prices from a file take precedence.
 *
 * @throws {RunledgerError} `MISSING_PACKAGE`, `INVALID_OPTION`
 */
export async function openPrices(file: string | undefined): Promise<PriceList> {
  return openPriceList(file === undefined ? {} : { prices: await readPrices(file) });
}

async function readPrices(file: string): Promise<never> {
  try {
    return (await Bun.file(file).json()) as never;
  } catch (cause) {
    throw new RunledgerError("INVALID_OPTION", `--prices: ${file} can't be read as JSON.`, { cause });
  }
}

/** The same for a command that works without prices: `undefined` if the optional package is missing. */
export async function openPricesIfAny(file: string | undefined): Promise<PriceList | undefined> {
  try {
    return await openPrices(file);
  } catch (error) {
    if (error instanceof RunledgerError && error.code === "MISSING_PACKAGE" && file === undefined)
      return undefined;
    throw error;
  }
}
