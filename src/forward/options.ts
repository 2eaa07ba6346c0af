import { resolve } from "node:path";
import * as z from "zod/mini";
import { RunledgerError } from "../errors";
import { dbPathOption, loggerOption } from "../ledger/options";
import type { Logger } from "../logger";
import { isPostgresUrl, type PostgresLocation, parsePostgresUrl } from "../postgres/url";
import { explain } from "../validation";

/** What to forward, and where to. */
export interface ForwardOptions {
  /** Path of the ledger's SQLite file. */
  readonly from: string;
  /** URL of the PostgreSQL database, such as `postgres://user@host:5432/database`. */
  readonly to: string;
  /** Schema of the tables, created if missing. Default: the URL's parameter `schema`, else `public`. */
  readonly schema?: string | undefined;
  /** Executions per transaction. Default 1000. */
  readonly batchSize?: number | undefined;
  /** TLS, as `pg` takes it: `true`, or what `tls.connect` takes. Default: as the URL's `sslmode` says. */
  readonly ssl?: boolean | object | undefined;
}

/** Options of the forward plugin. */
export interface ForwardPluginOptions extends ForwardOptions {
  /** How often to poll for new executions, in milliseconds. Default 1000. */
  readonly intervalMs?: number | undefined;
  /** How long `close` may take, in milliseconds; the rest is forwarded after the next start. Default 10 000. */
  readonly closeTimeoutMs?: number | undefined;
  /** Default: the host's logger, else pino, warnings and errors only, on stderr. */
  readonly logger?: Logger | undefined;
}

export const DEFAULT_BATCH_SIZE = 1_000;
export const DEFAULT_INTERVAL_MS = 1_000;
const DEFAULT_CLOSE_TIMEOUT_MS = 10_000;
/** A batch is in memory as a whole. */
const LARGEST_BATCH_SIZE = 10_000;
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

const SCHEMA = "a name of 1 to 63 characters";
const URL_TEXT = "the URL of a PostgreSQL database";
const BATCH_SIZE = `an integer from 1 to ${LARGEST_BATCH_SIZE}`;
const TIMEOUT = `milliseconds from 0 to ${LONGEST_TIMEOUT_MS}`;
const INTERVAL = `milliseconds from 1 to ${LONGEST_TIMEOUT_MS}`;
const SSL = "true, false, or an object of options without functions";

const optionsSchema = z.strictObject({
  from: dbPathOption,
  to: z.string(URL_TEXT),
  schema: z.optional(z.string(SCHEMA).check(z.minLength(1, SCHEMA), z.maxLength(63, SCHEMA))),
  batchSize: z.optional(z.int(BATCH_SIZE).check(z.gte(1, BATCH_SIZE), z.lte(LARGEST_BATCH_SIZE, BATCH_SIZE))),
  ssl: z.optional(z.custom<boolean | object>(isSsl, SSL)),
  intervalMs: z.optional(z.number(INTERVAL).check(z.gte(1, INTERVAL), z.lte(LONGEST_TIMEOUT_MS, INTERVAL))),
  closeTimeoutMs: z.optional(z.number(TIMEOUT).check(z.gte(0, TIMEOUT), z.lte(LONGEST_TIMEOUT_MS, TIMEOUT))),
  logger: z.optional(loggerOption),
});

/** Checked options with defaults filled in. */
export interface ParsedForwardOptions {
  /** An absolute path. */
  readonly from: string;
  readonly to: PostgresLocation;
  readonly ssl: boolean | object | undefined;
  readonly batchSize: number;
  readonly intervalMs: number;
  readonly closeTimeoutMs: number;
  readonly logger: Logger | undefined;
}

/** @throws {RunledgerError} `INVALID_OPTION`, naming each unknown or wrong option, never quoting the URL. */
export function parseForwardOptions(options: ForwardPluginOptions): ParsedForwardOptions {
  refuseSwapped(options);
  const result = optionsSchema.safeParse(options, { reportInput: true });
  if (!result.success) {
    throw new RunledgerError("INVALID_OPTION", `forward: ${explain(result.error, "an object of options")}.`, {
      hint: `The options are ${Object.keys(optionsSchema.shape).join(", ")}.`,
    });
  }
  const { from, to, schema, ssl, batchSize, intervalMs, closeTimeoutMs, logger } = result.data;
  return {
    // Resolved now, because the ledger is opened later, when the host may have changed its working directory.
    from: resolve(from),
    to: parsePostgresUrl(to, schema),
    ssl,
    batchSize: batchSize ?? DEFAULT_BATCH_SIZE,
    intervalMs: intervalMs ?? DEFAULT_INTERVAL_MS,
    closeTimeoutMs: closeTimeoutMs ?? DEFAULT_CLOSE_TIMEOUT_MS,
    logger,
  };
}

/** Errors never quote a URL: it may contain a password. */
function refuseSwapped(options: Partial<ForwardPluginOptions> | undefined): void {
  if (typeof options?.from !== "string" || !isPostgresUrl(options.from.trim())) return;
  throw new RunledgerError(
    "INVALID_OPTION",
    "forward: from: expected the path of a ledger, received a URL.",
    {
      hint: "The URL belongs in the option to.",
    },
  );
}

/** It is posted to a thread, and functions can't be cloned. */
function isSsl(value: unknown): boolean {
  if (typeof value === "boolean") return true;
  if (typeof value !== "object" || value === null) return false;
  try {
    structuredClone(value);
    return true;
  } catch {
    return false;
  }
}
