import * as z from "zod/mini";
import { describe } from "../describe";
import { RunledgerError } from "../errors";
import { isLabelKey } from "../record/labels";
import { unitHint, zoneHint } from "../record/time";
import { check } from "./check";
import { resolveTime, TIME_INPUT } from "./time-input";
import { UTC, zoneNamed } from "./time-zone";
import type { ExecutionFilter, NameFilter, NamePattern, TimeInput } from "./types";

/** A filter with its times resolved. */
export interface ResolvedFilter extends NameFilter {
  readonly labels?: Readonly<Record<string, NamePattern>> | undefined;
  /** The first instant that counts, in epoch milliseconds. */
  readonly sinceMs: number | undefined;
  /** The first instant that no longer counts, in epoch milliseconds. */
  readonly untilMs: number | undefined;
  readonly failedOnly: boolean;
  readonly timeZone: string;
}

// The message of each check names what it expects; `explain` builds the sentence.
const NAME = "a non-empty string, or several";
const LABELS = "an object of labels";
const LABEL_KEYS = "keys of labels, such as team or prompt_version";
const ZONE = "the name of a time zone, such as Europe/Berlin, or local";

const time = z.optional(
  z.union([z.number(), z.string(), z.custom<Date>((value) => value instanceof Date)], TIME_INPUT),
);
const oneName = z.string(NAME).check(z.minLength(1, NAME));
const severalNames = z.pipe(
  z.array(oneName).check(z.minLength(1, NAME)),
  z.transform((names: string[]) => oneAsItself(names)),
);
const name = z.optional(z.union([oneName, severalNames], NAME));
const labels = z.optional(
  z.record(z.string(), z.union([oneName, severalNames], NAME), LABELS).check(({ value, issues }) => {
    for (const input of Object.keys(value)) {
      if (!isLabelKey(input)) issues.push({ code: "custom", message: LABEL_KEYS, input });
    }
  }),
);
const timeZone = z.pipe(
  z.string(ZONE),
  z.transform((text, context) => {
    const zone = zoneNamed(text);
    if (zone !== undefined) return zone;
    context.issues.push({ code: "custom", message: ZONE, input: text });
    return z.NEVER;
  }),
);

const filterSchema = z.strictObject({
  since: time,
  until: time,
  repo: name,
  model: name,
  provider: name,
  eventType: name,
  conclusion: name,
  labels,
  failedOnly: z._default(z.boolean("a boolean"), false),
  timeZone: z._default(timeZone, UTC),
} satisfies Record<keyof ExecutionFilter, z.ZodMiniType>);

/**
 * Checks a filter and resolves its times.
 *
 * @param nowMs What `7d` and `24h` count back from.
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

/** A list of one name is that name. */
function oneAsItself(names: readonly string[]): NamePattern {
  const [name, ...more] = names;
  return name !== undefined && more.length === 0 ? name : names;
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
