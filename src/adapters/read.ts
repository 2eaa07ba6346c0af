import { describe } from "../describe";
import { RunledgerError } from "../errors";
import { specialTier } from "../record/service-tier";

// Results come from other programs, of any version: a value of the wrong type counts as unknown.

export type Fields = Readonly<Record<string, unknown>>;

/** The fields of an object; for anything else, no fields. */
export function objectOf(value: unknown): Fields {
  return typeof value === "object" && value !== null ? (value as Fields) : {};
}

export function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

export function countOf(value: unknown): number | undefined {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}

export function amountOf(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) && value >= 0 ? value : undefined;
}

/** The service tier of a request, such as `flex`; `undefined` for the standard tier. */
export function serviceTierOf(value: unknown): string | undefined {
  const tier = specialTier(textOf(value));
  return tier !== undefined && tier.length > LONGEST_TIER ? undefined : tier;
}

/** A longer text can't be a service tier. */
const LONGEST_TIER = 50;

/**
 * Input without cache reads and writes, for a provider whose input count includes both.
 *
 * @returns `undefined` if the input is unknown.
 */
export function uncached(
  input: number | undefined,
  read: number | undefined,
  written: number | undefined,
): number | undefined {
  if (input === undefined) return undefined;
  const rest = input - (read ?? 0) - (written ?? 0);
  // Some providers count cache writes separately from the input.
  return rest >= 0 ? rest : Math.max(0, input - (read ?? 0));
}

/** The sum of the known counts; `undefined` if none is known. */
export function sumOf(...counts: readonly (number | undefined)[]): number | undefined {
  const known = counts.filter((count) => count !== undefined);
  return known.length === 0 ? undefined : known.reduce((sum, count) => sum + count, 0);
}

/** The error for a value that isn't the expected result. */
export function notA(expected: string, value: unknown, hint?: string): RunledgerError {
  return new RunledgerError(
    "INVALID_RECORD",
    `Invalid result: expected ${expected}, received ${describe(value)}.`,
    {
      hint,
    },
  );
}
