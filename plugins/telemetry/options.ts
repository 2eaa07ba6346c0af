import { resolve } from "node:path";
import type { Synchronous } from "../../src/ledger/open";
import type { RecordingStore } from "../../src/ledger/types";
import type { Logger } from "../../src/logger";

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

/**
 * Options with their defaults.
 *
 * @throws {RunledgerError} `INVALID_OPTION`, naming each option that is unknown or wrong.
 */
export function parseOptions(options: TelemetryPluginOptions | undefined) {
  const given = options === undefined ? {} : checked(options);
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

/** Loaded when there is something to check: most hosts need no more than the defaults. */
function checked(options: TelemetryPluginOptions): TelemetryPluginOptions {
  const { checkOptions } = require("./check-options") as typeof import("./check-options");
  return checkOptions(options);
}

/** The writer opens the file later, when the host may have changed its folder. */
function absolute(dbPath: string): string {
  return dbPath === ":memory:" ? dbPath : resolve(dbPath);
}
