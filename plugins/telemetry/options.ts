import { resolve } from "node:path";
import * as z from "zod";
import { RunledgerError } from "../../src/errors";
import type { Synchronous } from "../../src/ledger/open";
import { dbPathOption, having, loggerOption, synchronousOption } from "../../src/ledger/options";
import type { RecordingStore } from "../../src/ledger/types";
import type { Logger } from "../../src/logger";
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
  /** How long an event may wait in memory before its batch is sent to the writer, in milliseconds. Default 5. */
  readonly flushIntervalMs?: number | undefined;
  /** Events in one batch; batches that wait are written together. Default 512. */
  readonly maxBatchSize?: number | undefined;
  /**
   * Events kept in memory while the ledger can't be written; beyond it, the oldest go to a file beside the ledger,
   * `<dbPath>.spill.jsonl`, which is taken in later. Default 100 000.
   */
  readonly maxQueueSize?: number | undefined;
  /** How long `close` may take, in milliseconds; what is not stored by then is spilled. Default 10 000. */
  readonly closeTimeoutMs?: number | undefined;
  /** How long the process's exit may be held up to store what is queued, in milliseconds. Default 2 000. */
  readonly exitTimeoutMs?: number | undefined;
  /** `inline` writes on the host's own thread, for where no thread can be started. Default `thread`. */
  readonly writer?: "thread" | "inline" | undefined;
  /**
   * A store to use instead of a file, such as `createFakeStore()` of `runledger/testing`. The plugin never
   * closes it. Events go to it as they come: it excludes the options of the file, its queue and its writer.
   */
  readonly store?: RecordingStore | undefined;
}

const DEFAULT_DB_PATH = "./data/telemetry.db";

const RETENTION = "a number of days, 0 or more, or false";
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;
const TIMEOUT = `milliseconds from 0 to ${LONGEST_TIMEOUT_MS}`;
const EVENTS = "an integer from 1";
const WRITER = '"thread" or "inline"';

const timeout = z.number(TIMEOUT).min(0, TIMEOUT).max(LONGEST_TIMEOUT_MS, TIMEOUT);
const events = z.int(EVENTS).min(1, EVENTS);

const optionsSchema = z.strictObject({
  dbPath: dbPathOption.optional(),
  retentionDays: z.union([z.number(RETENTION).min(0, RETENTION), z.literal(false)], RETENTION).optional(),
  synchronous: synchronousOption.optional(),
  logger: loggerOption.optional(),
  flushIntervalMs: timeout.optional(),
  maxBatchSize: events.optional(),
  maxQueueSize: events.optional(),
  closeTimeoutMs: timeout.optional(),
  exitTimeoutMs: timeout.optional(),
  writer: z.enum(["thread", "inline"], WRITER).optional(),
  store: having<RecordingStore>("record", "purgeOlderThan", "checkpoint").optional(),
});

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
export function parseOptions(options: TelemetryPluginOptions) {
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
    dbPath: absolute(given.dbPath ?? (process.env["TELEMETRY_DB_PATH"] || DEFAULT_DB_PATH)),
    retentionDays: given.retentionDays ?? 90,
    synchronous: given.synchronous ?? "NORMAL",
    logger: given.logger,
    flushIntervalMs: given.flushIntervalMs ?? 5,
    maxBatchSize: given.maxBatchSize ?? 512,
    maxQueueSize: given.maxQueueSize ?? 100_000,
    closeTimeoutMs: given.closeTimeoutMs ?? 10_000,
    exitTimeoutMs: given.exitTimeoutMs ?? 2_000,
    writer: given.writer ?? "thread",
    store: given.store,
  } as const;
}

/** The writer opens the file later, when the host may have changed its folder. */
function absolute(dbPath: string): string {
  return dbPath === ":memory:" ? dbPath : resolve(dbPath);
}
