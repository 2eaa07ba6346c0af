import * as z from "zod";
import { RunledgerError } from "../../src/errors";
import type { Logger } from "../../src/logger";
import type { Synchronous } from "../../src/telemetry/open";
import type { RecordingStore } from "../../src/telemetry/types";
import { explain } from "../../src/validation";

/** Options of the telemetry plugin; all optional. */
export interface TelemetryPluginOptions {
  /** Path of the SQLite file. Default: the environment's `TELEMETRY_DB_PATH`, else `./data/telemetry.db`. */
  readonly dbPath?: string | undefined;
  /**
   * Executions older than so many days are purged at the start and every 24 hours; their sums per day stay.
   * `false`: never. Default 90.
   */
  readonly retentionDays?: number | false | undefined;
  /** `FULL` syncs every commit to the disk; `NORMAL`, the default, every checkpoint. */
  readonly synchronous?: Synchronous | undefined;
  /** Default: the host's logger, else pino, warnings and errors only, on stderr. */
  readonly logger?: Logger | undefined;
  /** How long `close` may take, in milliseconds. Default 10 000. */
  readonly closeTimeoutMs?: number | undefined;
  /**
   * A store to use instead of a file, such as `createFakeStore()` of `runledger/testing`. The plugin never
   * closes it. Excludes `dbPath` and `synchronous`.
   */
  readonly store?: RecordingStore | undefined;
}

const PATH = "the path of a file";
const RETENTION = "a number of days, 0 or more, or false";
const SYNCHRONOUS = '"NORMAL" or "FULL"';
const TIMEOUT = `milliseconds from 0 to ${2 ** 31 - 1}`;

const optionsSchema = z.strictObject({
  dbPath: z.string(PATH).min(1, PATH).optional(),
  retentionDays: z.union([z.number().min(0), z.literal(false)], RETENTION).default(90),
  synchronous: z.enum(["NORMAL", "FULL"], SYNCHRONOUS).optional(),
  logger: having<Logger>("debug", "info", "warn", "error").optional(),
  closeTimeoutMs: z
    .number(TIMEOUT)
    .min(0, TIMEOUT)
    .max(2 ** 31 - 1, TIMEOUT)
    .default(10_000),
  store: having<RecordingStore>("record", "purgeOlderThan", "checkpoint").optional(),
});

/** @throws {RunledgerError} `INVALID_OPTION`, naming each option that is unknown or wrong. */
export function parseOptions(options: TelemetryPluginOptions): z.output<typeof optionsSchema> {
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
  const { store, dbPath, synchronous } = result.data;
  if (store !== undefined && (dbPath !== undefined || synchronous !== undefined)) {
    throw new RunledgerError(
      "INVALID_OPTION",
      "telemetry plugin: store excludes dbPath and synchronous, which describe the store that the plugin would open.",
    );
  }
  return result.data;
}

/** An object with these methods; whose class it is doesn't matter. */
function having<Shape>(...methods: readonly (keyof Shape & string)[]): z.ZodType<Shape> {
  return z.custom<Shape>(
    (value) =>
      typeof value === "object" &&
      value !== null &&
      methods.every((method) => typeof (value as Record<string, unknown>)[method] === "function"),
    `an object with the methods ${methods.join(", ")}`,
  );
}
