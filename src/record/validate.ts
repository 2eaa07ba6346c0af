import type * as z from "zod/mini";
import { describe } from "../describe";
import { RunledgerError } from "../errors";
import { explain } from "../validation";
import { isPlainRecord } from "./plain-record";
import type { ValidRecord } from "./schema";
import { unitHint, zoneHint } from "./time";
import type { TelemetryRecord } from "./types";
import { unreadable } from "./unreadable";

/**
 * Checks a record. In the result every field has the right type, and the time is in epoch milliseconds.
 *
 * @param name What the error calls the record.
 * @throws {RunledgerError} `INVALID_RECORD`, naming each field that is wrong, what it must be and what it is.
 */
export function validate(entry: unknown, name: string): ValidRecord {
  let result: ReturnType<typeof parse>;
  try {
    if (isObject(entry) && isPlainRecord(entry as TelemetryRecord)) return entry as ValidRecord;
    result = parse(entry);
  } catch (cause) {
    throw unreadable(cause, name);
  }
  if (result.success) return result.data;
  const reasons =
    typeof entry === "string"
      ? `expected an object, received ${describe(standsFor(entry))}`
      : explain(result.error, "an object");
  throw new RunledgerError("INVALID_RECORD", `Invalid ${name}: ${reasons}.`, {
    hint: hintFor(result.error.issues),
  });
}

/** The schema is loaded on use: most records pass the fast path. */
function parse(entry: unknown) {
  const { recordSchema } = require("./schema") as typeof import("./schema");
  return recordSchema.safeParse(entry, { reportInput: true });
}

/** Parses text: anything but an object arrives here as its JSON, and a line of a file as it is. */
function standsFor(text: string): unknown {
  if (text === "undefined") return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null;
}

function hintFor(issues: readonly z.core.$ZodIssue[]): string | undefined {
  const time = issues.find(({ path }) => path[0] === "completedAt")?.input;
  return typeof time === "string" ? zoneHint(time) : unitHint(time);
}
