import * as z from "zod/mini";
import { describe } from "../describe";
import { RunledgerError } from "../errors";
import { unitHint, zoneHint } from "../record/time";
import { check } from "./check";
import type { Ledger } from "./database/ledger";
import { labelsOption, nameOption, pullRequestOption, timeZoneOption } from "./filter-options";
import { resolveTime, TIME_INPUT } from "./time-input";
import { UTC } from "./time-zone";
import type { ExecutionFilter, NameFilter, NamePattern, TimeInput } from "./types";

/** A filter with its times resolved. */
export interface ResolvedFilter extends NameFilter {
  readonly labels?: Readonly<Record<string, NamePattern>> | undefined;
  readonly pullRequest?: NamePattern | undefined;
  readonly session?: NamePattern | undefined;
  readonly ledger?: NamePattern | undefined;
  /** The first instant that counts, in epoch milliseconds. */
  readonly sinceMs: number | undefined;
  /** The first instant that no longer counts, in epoch milliseconds. */
  readonly untilMs: number | undefined;
  readonly failedOnly: boolean;
  readonly timeZone: string;
}

const time = z.optional(
  z.union([z.number(), z.string(), z.custom<Date>((value) => value instanceof Date)], TIME_INPUT),
);
const filterSchema = z.strictObject({
  since: time,
  until: time,
  repo: nameOption,
  model: nameOption,
  provider: nameOption,
  eventType: nameOption,
  conclusion: nameOption,
  labels: labelsOption,
  pullRequest: pullRequestOption,
  session: nameOption,
  ledger: nameOption,
  failedOnly: z._default(z.boolean("a boolean"), false),
  timeZone: z._default(timeZoneOption, UTC),
} satisfies Record<keyof ExecutionFilter, z.ZodMiniType>);

/**
 * Checks a filter and resolves its times.
 *
 * @param nowMs The instant from which `7d` and `24h` count back.
 * @throws {RunledgerError} `INVALID_ARGUMENT`, naming each field that is wrong, what it must be and what it is.
 */
export function resolveFilter(filter: ExecutionFilter, nowMs: number = Date.now()): ResolvedFilter {
  const { since, until, timeZone, ...names } = check(filterSchema, filter, "filter");
  const instant = (field: "since" | "until", input: TimeInput | undefined): number | undefined => {
    if (input === undefined) return undefined;
    return resolveTime(input, timeZone, nowMs) ?? refuseTime(field, input);
  };
  const sinceMs = instant("since", since);
  const untilMs = instant("until", until);
  if (sinceMs !== undefined && untilMs !== undefined && sinceMs >= untilMs) refuseOrder(sinceMs, untilMs);
  return { sinceMs, untilMs, ...names, timeZone };
}

/** @throws {RunledgerError} `INVALID_ARGUMENT` if ledgers are named where there is only one. */
export function checkLedger({ engine }: Pick<Ledger, "engine">, { ledger }: ResolvedFilter): void {
  if (ledger === undefined || engine === "postgresql") return;
  throw new RunledgerError(
    "INVALID_ARGUMENT",
    "Invalid filter: ledger: a SQLite file is one ledger; only PostgreSQL has more.",
    { hint: "Leave it out." },
  );
}

function refuseTime(field: string, input: TimeInput): never {
  throw new RunledgerError(
    "INVALID_ARGUMENT",
    `Invalid filter: ${field}: expected ${TIME_INPUT}, received ${describe(input)}.`,
    { hint: typeof input === "string" ? zoneHint(input) : unitHint(input) },
  );
}

function refuseOrder(sinceMs: number, untilMs: number): never {
  const [since, until] = [sinceMs, untilMs].map((epochMs) => new Date(epochMs).toISOString());
  throw new RunledgerError(
    "INVALID_ARGUMENT",
    `Invalid filter: since must be before until, received ${since} and ${until}.`,
  );
}
