import * as z from "zod/mini";
import { RunledgerError } from "../../src/errors";
import { dbPathOption, having, loggerOption, synchronousOption } from "../../src/ledger/options";
import type { RecordingStore } from "../../src/ledger/types";
import { locatePrices } from "../../src/prices/genai-prices";
import { assertPriceListOptions } from "../../src/prices/options";
import type { EstimateOptions } from "../../src/prices/price-list";
import { explain } from "../../src/validation";
import type { CheckedOptions, TelemetryPluginOptions } from "./options";

/** With a shorter one, executions would be purged as soon as they are stored. */
const SHORTEST_RETENTION_DAYS = 1 / (24 * 60);
const RETENTION = "a number of days, at least 1/1440 (a minute), or false to keep executions for ever";
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;
const TIMEOUT = `milliseconds from 0 to ${LONGEST_TIMEOUT_MS}`;
const EVENTS = "an integer from 1";
const ESTIMATE = "true, false, or an object with prices";
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
  estimateCost: z.optional(z.union([z.boolean(), z.record(z.string(), z.unknown())], ESTIMATE)),
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
  "estimateCost",
] as const satisfies readonly (keyof TelemetryPluginOptions)[];

/** @throws {RunledgerError} `INVALID_OPTION`, naming each option that is unknown or wrong; `MISSING_PACKAGE` */
export function checkOptions(options: TelemetryPluginOptions): CheckedOptions {
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
  return {
    ...given,
    estimateCost: estimateOptions(given.estimateCost as TelemetryPluginOptions["estimateCost"]),
  };
}

/** The package is located here, because a thread that is started from source text could not find it. */
function estimateOptions(given: TelemetryPluginOptions["estimateCost"]): EstimateOptions | undefined {
  if (given === undefined || given === false) return undefined;
  if (given === true) return { location: locatePrices() };
  assertPriceListOptions(given, "telemetry plugin: estimateCost");
  return { ...given, location: locatePrices() };
}
