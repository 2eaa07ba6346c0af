import * as z from "zod/mini";
import { RunledgerError } from "../../src/errors";
import { dbPathOption, having, loggerOption, synchronousOption } from "../../src/ledger/options";
import type { RecordingStore } from "../../src/ledger/types";
import { explain } from "../../src/validation";
import type { TelemetryPluginOptions } from "./options";

/** With less, every execution would be purged as soon as it is stored. */
const SHORTEST_RETENTION_DAYS = 1 / (24 * 60);
const RETENTION =
  "a number of days, at least a minute's part of one, or false, which keeps executions for ever";
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;
const TIMEOUT = `milliseconds from 0 to ${LONGEST_TIMEOUT_MS}`;
const EVENTS = "an integer from 1";
const WRITER = '"thread" or "inline"';

const timeout = z.optional(z.number(TIMEOUT).check(z.gte(0, TIMEOUT), z.lte(LONGEST_TIMEOUT_MS, TIMEOUT)));
const events = z.optional(z.int(EVENTS).check(z.gte(1, EVENTS)));

const optionsSchema = z.strictObject({
  dbPath: z.optional(dbPathOption),
  retentionDays: z.optional(
    z.union([z.number().check(z.gte(SHORTEST_RETENTION_DAYS, RETENTION)), z.literal(false)], RETENTION),
  ),
  synchronous: z.optional(synchronousOption),
  logger: z.optional(loggerOption),
  flushIntervalMs: timeout,
  maxBatchSize: events,
  maxQueueSize: events,
  closeTimeoutMs: timeout,
  exitTimeoutMs: timeout,
  writer: z.optional(z.enum(["thread", "inline"], WRITER)),
  store: z.optional(having<RecordingStore>("record", "purgeOlderThan", "checkpoint")),
} satisfies Record<keyof TelemetryPluginOptions, z.ZodMiniType>);

/** The options that describe the ledger file and the way to it. */
const FILE_OPTIONS = [
  "dbPath",
  "synchronous",
  "flushIntervalMs",
  "maxBatchSize",
  "maxQueueSize",
  "exitTimeoutMs",
  "writer",
] as const satisfies readonly (keyof TelemetryPluginOptions)[];

/** @throws {RunledgerError} `INVALID_OPTION`, naming each option that is unknown or wrong. */
export function checkOptions(options: TelemetryPluginOptions): TelemetryPluginOptions {
  const result = optionsSchema.safeParse(options, { reportInput: true });
  if (!result.success) {
    throw new RunledgerError(
      "INVALID_OPTION",
      `telemetry plugin: ${explain(result.error, "an object of options")}.`,
      {
        hint: `The options are ${Object.keys(optionsSchema.shape).join(", ")}.`,
      },
    );
  }
  const given = result.data;
  const pointless = FILE_OPTIONS.filter((option) => given[option] !== undefined);
  if (given.store !== undefined && pointless.length > 0) {
    throw new RunledgerError(
      "INVALID_OPTION",
      `telemetry plugin: store excludes ${pointless.join(", ")}, which describe the ledger that the plugin would open.`,
    );
  }
  return given;
}
