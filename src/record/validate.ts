import type * as z from "zod/mini";
import { describe } from "../describe";
import { RunledgerError } from "../errors";
import { explain } from "../validation";
import { ContradictionError, settleModels, type ValidRecord } from "./models";
import { isPlainRecord } from "./plain-record";
import type { ParsedRecord } from "./schema";
import { unitHint, zoneHint } from "./time";
import type { TelemetryRecord } from "./types";
import { unreadable } from "./unreadable";

/**
 * Checks a record. In the result every field has the right type, the time is in epoch milliseconds, and what the models
 * add up to is settled.
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
  if (result.success) return settled(result.data, name);
  const reasons =
    typeof entry === "string"
      ? `expected an object, received ${describe(standsFor(entry))}`
      : explain(result.error, "an object");
  throw invalid(name, reasons, hintFor(result.error.issues));
}

/** The schema is loaded on use: most records pass the fast path. */
function parse(entry: unknown) {
  const schemas = require("./schema") as typeof import("./schema");
  const schema = hasModels(entry) ? schemas.recordOfModelsSchema : schemas.recordSchema;
  return schema.safeParse(entry, { reportInput: true });
}

function hasModels(entry: unknown): boolean {
  const models = isObject(entry) ? (entry as TelemetryRecord).models : undefined;
  return Array.isArray(models) && models.length > 0;
}

function settled(record: ParsedRecord, name: string): ValidRecord {
  const { model, models } = record;
  try {
    // Without models the schema asks for the model.
    if (models == null || models.length === 0) return { ...record, model: model ?? "", models: undefined };
    return settleModels(record, models);
  } catch (error) {
    if (error instanceof ContradictionError) throw invalid(name, error.message);
    throw error;
  }
}

function invalid(name: string, reasons: string, hint?: string): RunledgerError {
  return new RunledgerError("INVALID_RECORD", `Invalid ${name}: ${reasons}.`, { hint });
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
