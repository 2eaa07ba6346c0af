import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { RunledgerError } from "../errors";

/** The part of `@pydantic/genai-prices` that is used. */
export interface GenaiPrices {
  calcPrice(
    usage: Readonly<Record<string, number>>,
    modelId: string,
    options: { readonly providerId: string | undefined; readonly timestamp: Date },
  ): FoundPrice | null;
  findProvider(options: { readonly providerId: string }): Provider | undefined;
  extractUsage(provider: Provider, body: unknown, apiFlavor: string): ExtractedUsage;
}

export interface Provider {
  readonly name: string;
  /** How to read the responses of its APIs. */
  readonly extractors?: readonly { readonly api_flavor: string }[];
}

/** A price of the list, in US dollars per unit, such as `input_mtok` for a million tokens. */
export interface FoundPrice {
  readonly model: { readonly prices: unknown };
  readonly model_price: Readonly<Record<string, number | TieredPrice | undefined>>;
}

/** A price that depends on a request's input: above `start` tokens, the whole request has the tier's price. */
export interface TieredPrice {
  readonly base: number;
  readonly tiers: readonly { readonly start: number; readonly price: number }[];
}

export interface ExtractedUsage {
  readonly model: string | null;
  readonly usage: Readonly<Record<string, number | undefined>>;
}

const NAME = "@pydantic/genai-prices";

/**
 * Where the package is: beside this code or, when `bunx` runs this code from its own cache, in the folder in which the
 * program was started. `undefined` if it is compiled in. A thread that was started from source text, as in a bundled
 * application, has no folder to resolve packages from, so it has to be told the location.
 *
 * @throws {RunledgerError} `MISSING_PACKAGE`
 */
export function locatePrices(): string | undefined {
  const places = [
    () => import.meta.resolve(NAME),
    () => Bun.pathToFileURL(Bun.resolveSync(NAME, process.cwd())).href,
  ];
  for (const find of places) {
    try {
      return find();
    } catch {
      // Not found here: try the next place.
    }
  }
  loadPrices();
  return undefined;
}

export function arePricesInstalled(): boolean {
  try {
    locatePrices();
    return true;
  } catch {
    return false;
  }
}

/**
 * Loads the optional package, which takes about 60 ms and opens no connection.
 *
 * @param location Where to load it from if it can't be resolved from here: see {@link locatePrices}.
 * @throws {RunledgerError} `MISSING_PACKAGE`
 */
export function loadPrices(location?: string): GenaiPrices {
  try {
    // The build would rename a plain `require`, and an application's bundler would not find the package.
    return import.meta.require("@pydantic/genai-prices");
  } catch (cause) {
    if (location === undefined) throw missing(cause);
  }
  try {
    return import.meta.require(fileURLToPath(location));
  } catch (cause) {
    throw missing(cause);
  }
}

/** The package's version, read from its package.json because it exports none; `undefined` if that can't be read. */
export function versionOfPrices(location: string | undefined): string | undefined {
  if (location === undefined) return undefined;
  try {
    const folder = dirname(dirname(fileURLToPath(location)));
    const { version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    return typeof version === "string" ? version : undefined;
  } catch {
    return undefined;
  }
}

function missing(cause: unknown): RunledgerError {
  return new RunledgerError("MISSING_PACKAGE", `Prices need the package ${NAME}, which is not installed.`, {
    cause,
    hint: `Run: bun add ${NAME}`,
  });
}
