import { resolve } from "node:path";
import type { Logger } from "../logger";
import type { Budget, BudgetMatch, BudgetOptions, EachKey, PeriodLength } from "./types";

/** Where to post alerts. */
export interface WebhookOptions {
  /** An `http:` or `https:` URL. */
  readonly url: string;
  /** Signs the body: `X-Runledger-Signature: sha256=` and its HMAC-SHA256 in hex. Default: no signature. */
  readonly secret?: string | undefined;
  /** How long one request may take, in milliseconds. Default 10 000. */
  readonly timeoutMs?: number | undefined;
}

/** Options of the budget plugin. */
export interface BudgetPluginOptions extends BudgetOptions {
  /** The ledger of the telemetry plugin. Default: the environment's `TELEMETRY_DB_PATH`, else `./data/telemetry.db`. */
  readonly dbPath?: string | undefined;
  /** URL of the PostgreSQL database to which other machines' ledgers are forwarded: their spending counts too. */
  readonly shared?: string | undefined;
  /** Whether to allow spending while the ledger can't be read. Default `allow`: decides from what is known. */
  readonly onUnknown?: "allow" | "deny" | undefined;
  /** How often to read the ledger, in milliseconds. Default 1000. */
  readonly readIntervalMs?: number | undefined;
  /** How long until a hold ends by itself, in milliseconds. Default 3 600 000, an hour. */
  readonly holdTimeoutMs?: number | undefined;
  /** Posts every alert to a URL. Default: none. */
  readonly webhook?: WebhookOptions | undefined;
  /**
   * How long `close` may take, in milliseconds; alerts that the webhook has not accepted by then are posted at the next
   * start. Default 10 000.
   */
  readonly closeTimeoutMs?: number | undefined;
  /** Default: the host's logger, else pino, warnings and errors only, on stderr. */
  readonly logger?: Logger | undefined;
}

/** The default export of `runledger.config.ts`, for the plugin and the command line. */
export type RunledgerConfig = BudgetPluginOptions;

/** A checked budget, with its defaults. */
export interface ParsedBudget {
  readonly name: string;
  readonly limitUsd: number;
  readonly per: PeriodLength;
  readonly timeZone: string;
  readonly match: BudgetMatch;
  readonly each: EachKey | undefined;
}

export interface ParsedWebhook extends WebhookOptions {
  readonly timeoutMs: number;
}

/** The budgets, and how they alert and count. */
export interface ParsedBudgets {
  readonly budgets: readonly ParsedBudget[];
  /** Ascending. */
  readonly alertAt: readonly number[];
  readonly unknownCostUsd: number;
}

/** Options with their defaults. */
export interface ParsedBudgetPluginOptions extends ParsedBudgets {
  /** An absolute path, or `:memory:`. */
  readonly dbPath: string;
  readonly shared: string | undefined;
  readonly onUnknown: "allow" | "deny";
  readonly readIntervalMs: number;
  readonly holdTimeoutMs: number;
  readonly webhook: ParsedWebhook | undefined;
  readonly closeTimeoutMs: number;
  readonly logger: Logger | undefined;
}

const DEFAULT_DB_PATH = "./data/telemetry.db";
const DEFAULT_ALERT_AT = [0.5, 0.8, 1];

/**
 * Checks budgets.
 *
 * @param name What the error calls them.
 * @throws {RunledgerError} `INVALID_OPTION`, naming each option that is unknown or wrong.
 */
export function parseBudgets(options: BudgetOptions, name: string): ParsedBudgets {
  const { checkBudgetOptions } = require("./check-options") as typeof import("./check-options");
  return withDefaults(checkBudgetOptions(options, name));
}

/** @throws {RunledgerError} `INVALID_OPTION`, naming each option that is unknown or wrong; never quotes a URL. */
export function parseBudgetPluginOptions(options: BudgetPluginOptions): ParsedBudgetPluginOptions {
  const { checkPluginOptions } = require("./check-options") as typeof import("./check-options");
  const given = checkPluginOptions(options);
  const { shared, webhook, logger } = given;
  return {
    ...withDefaults(given),
    dbPath: absolute(given.dbPath ?? (process.env["TELEMETRY_DB_PATH"] || DEFAULT_DB_PATH)),
    shared,
    onUnknown: given.onUnknown ?? "allow",
    readIntervalMs: given.readIntervalMs ?? 1_000,
    holdTimeoutMs: given.holdTimeoutMs ?? 3_600_000,
    webhook: webhook && { ...webhook, timeoutMs: webhook.timeoutMs ?? 10_000 },
    closeTimeoutMs: given.closeTimeoutMs ?? 10_000,
    logger,
  };
}

function withDefaults({
  budgets,
  alertAt = DEFAULT_ALERT_AT,
  unknownCostUsd = 0,
}: BudgetOptions): ParsedBudgets {
  return {
    budgets: budgets.map(parsed),
    alertAt: [...new Set(alertAt)].sort((a, b) => a - b),
    unknownCostUsd,
  };
}

function parsed({ name, limitUsd, per, timeZone = "UTC", match = {}, each }: Budget): ParsedBudget {
  return { name, limitUsd, per, timeZone, match, each };
}

/** Resolved now: by the time the ledger is opened, the host may have changed its working directory. */
function absolute(dbPath: string): string {
  return dbPath === ":memory:" ? dbPath : resolve(dbPath);
}
