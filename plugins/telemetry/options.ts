import { resolve } from "node:path";
import type { Synchronous } from "../../src/ledger/open";
import type { RecordingStore } from "../../src/ledger/types";
import type { Logger } from "../../src/logger";
import type { EstimateOptions, PriceListOptions } from "../../src/prices/price-list";

/** Options of the telemetry plugin; all optional. */
export interface TelemetryPluginOptions {
  /** Path of the SQLite file. Default: the environment's `TELEMETRY_DB_PATH`, else `./data/telemetry.db`. */
  readonly dbPath?: string | undefined;
  /**
   * Executions older than this many days are purged at the start and every 24 hours; their sums per day stay.
   * `false`: never. Default 90.
   */
  readonly retentionDays?: number | false | undefined;
  /** `FULL` syncs every commit to the disk; `NORMAL`, the default, every checkpoint. */
  readonly synchronous?: Synchronous | undefined;
  /**
   * Estimates the cost of executions that have tokens and no cost, from the prices in the optional package
   * `@pydantic/genai-prices`, and from your own `prices`, which take precedence. Such a cost has the source
   * `estimated`; without a price it stays unknown. Default false.
   */
  readonly estimateCost?: boolean | PriceListOptions | undefined;
  /** Default: the host's logger, else pino, warnings and errors only, on stderr. */
  readonly logger?: Logger | undefined;
  /** How long an event may wait before its batch is sent to the writer, in milliseconds. Default 5. */
  readonly flushIntervalMs?: number | undefined;
  /** Events per batch. Waiting batches are written together. Default 512. */
  readonly maxBatchSize?: number | undefined;
  /**
   * Events kept in memory while the ledger can't be written. Beyond it, the oldest go to a file beside the ledger,
   * `<dbPath>.spill.jsonl`, which is drained later. Default 100 000.
   */
  readonly maxQueueSize?: number | undefined;
  /** How long `close` may take, in milliseconds; what is not stored by then is spilled. Default 10 000. */
  readonly closeTimeoutMs?: number | undefined;
  /** How long the exit of the process may be delayed to store what is queued, in milliseconds. Default 2 000. */
  readonly exitTimeoutMs?: number | undefined;
  /** `inline` writes on the host's own thread, for environments that can't start threads. Default `thread`. */
  readonly writer?: "thread" | "inline" | undefined;
  /**
   * A store to use instead of a file, such as `createFakeStore()` from `runledger/testing`. Events go to it directly,
   * so the options of the file, the queue and the writer can't be combined with it. The plugin never closes it.
   */
  readonly store?: RecordingStore | undefined;
}

/** Options in which only what has a default is left to fill in. */
export interface CheckedOptions extends Omit<TelemetryPluginOptions, "estimateCost"> {
  readonly estimateCost?: EstimateOptions | undefined;
}

const DEFAULT_DB_PATH = "./data/telemetry.db";

/**
 * Options with their defaults.
 *
 * @throws {RunledgerError} `INVALID_OPTION`, naming each option that is unknown or wrong; `MISSING_PACKAGE`
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
    estimateCost: given.estimateCost,
  } as const;
}

/** Loaded only when there is something to check: most hosts use the defaults. */
function checked(options: TelemetryPluginOptions): CheckedOptions {
  const { checkOptions } = require("./check-options") as typeof import("./check-options");
  return checkOptions(options);
}

/** Resolved now, because the writer opens the file later, when the host may have changed its working directory. */
function absolute(dbPath: string): string {
  return dbPath === ":memory:" ? dbPath : resolve(dbPath);
}
