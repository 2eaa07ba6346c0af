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

/** A price that depends on the size of a request's whole input: above `start` tokens all of it has another. */
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
 * program was started. `undefined` where it is compiled in. A thread that was started from text, as in a bundled
 * application, has no folder to resolve packages from: it has to be told.
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
      // It is not there.
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
    // Plain `require` would be renamed in the built package, and an application's bundler would not find it.
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

/** The version of the package, which it doesn't export; `undefined` where it can't be found out. */
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
