import { resolve } from "node:path";
import * as z from "zod/mini";
import { parseBudgets } from "../budget/options";
import type { BudgetOptions } from "../budget/types";
import { RunledgerError } from "../errors";
import { dbPathOption, loggerOption } from "../ledger/options";
import { plainPath } from "../ledger/plain-path";
import type { Logger } from "../logger";
import { isPostgresUrl, parsePostgresUrl } from "../postgres/url";
import { explain } from "../validation";
import { isLoopback } from "./hosts";

/** Options of the dashboard plugin; all optional. */
export interface DashboardPluginOptions {
  /**
   * The ledger: the path of its SQLite file, or the `postgres://` URL of a ledger that others are forwarded to.
   * Default: the environment's `TELEMETRY_DB_PATH`, else `./data/telemetry.db`.
   */
  readonly db?: string | undefined;
  /** The port to listen on; 0: any free port. Default 4680. */
  readonly port?: number | undefined;
  /** The address to listen on. Default `127.0.0.1`, which only this machine reaches; any other requires the token. */
  readonly host?: string | undefined;
  /** The secret that a viewer needs. Default: none on this machine's own address without `hosts`, else a random one. */
  readonly token?: string | undefined;
  /** Further host names under which browsers may reach it, such as that of a proxy in front of it. Default none. */
  readonly hosts?: readonly string[] | undefined;
  /** Budgets to show, as in `runledger.config.ts`. Default none. */
  readonly budgets?: BudgetOptions | undefined;
  /** Default: the host's logger, else pino, warnings and errors only, on stderr. */
  readonly logger?: Logger | undefined;
}

export const DEFAULT_PORT = 4680;
const DEFAULT_HOST = "127.0.0.1";
const LEAST_TOKEN = 16;

const PORT = "a port from 0 to 65535";
const HOST = "an address or a name, such as 0.0.0.0";
const HOSTS = "names without ports, such as dashboard.internal";
const TOKEN = `at least ${LEAST_TOKEN} letters, digits or other characters of ASCII without spaces`;
const DB = "the path of a file, without spaces around it, or a postgres:// URL";

const host = z.string(HOST).check(z.regex(/^[\w.:-]+$/, HOST));
const optionsSchema = z.strictObject({
  // Anything that is meant as a URL is checked below as one, where it isn't quoted.
  db: z.optional(
    z.string(DB).check(z.refine((db) => isPostgresUrl(db) || dbPathOption.safeParse(db).success, DB)),
  ),
  port: z._default(z.int(PORT).check(z.gte(0, PORT), z.lte(65_535, PORT)), DEFAULT_PORT),
  host: z._default(host, DEFAULT_HOST),
  token: z.optional(z.string(TOKEN).check(z.regex(/^[\x21-\x7e]*$/, TOKEN), z.minLength(LEAST_TOKEN, TOKEN))),
  hosts: z._default(z.array(z.string(HOSTS).check(z.regex(/^[\w.-]+$/, HOSTS)), HOSTS), []),
  // Budgets are checked separately.
  budgets: z.optional(z.custom<BudgetOptions>()),
  logger: z.optional(loggerOption),
} satisfies Record<keyof DashboardPluginOptions, z.ZodMiniType>);

/** Checked options with defaults filled in. */
export interface ParsedDashboardOptions {
  /** An absolute path, or a URL, which may contain a password. */
  readonly db: string;
  readonly port: number;
  readonly host: string;
  readonly token: string | undefined;
  readonly hosts: readonly string[];
  readonly budgets: BudgetOptions | undefined;
  readonly logger: Logger | undefined;
}

/**
 * @throws {RunledgerError} `INVALID_OPTION`, naming each unknown or wrong option, but never quoting a token or a URL.
 */
export function parseDashboardOptions(options: DashboardPluginOptions = {}): ParsedDashboardOptions {
  const result = optionsSchema.safeParse(withoutSecret(options), { reportInput: true });
  if (!result.success) {
    throw new RunledgerError(
      "INVALID_OPTION",
      `dashboard: ${explain(result.error, "an object of options")}.`,
      {
        hint: `The options are ${Object.keys(optionsSchema.shape).join(", ")}.`,
      },
    );
  }
  const {
    db = process.env["TELEMETRY_DB_PATH"] || "./data/telemetry.db",
    port,
    host,
    hosts,
    budgets,
    logger,
  } = result.data;
  if (budgets !== undefined) parseBudgets(budgets, "dashboard: budgets");
  const token = checkedToken(options) ?? (isLoopback(host) && hosts.length === 0 ? undefined : randomToken());
  if (isPostgresUrl(db)) parsePostgresUrl(db);
  // Resolved now: by the time the ledger is opened, the host may have changed its working directory.
  return { db: isPostgresUrl(db) ? db : plainPath(resolve(db)), port, host, token, hosts, budgets, logger };
}

/** Checked separately, as an error would quote the token. */
function withoutSecret(options: DashboardPluginOptions): DashboardPluginOptions {
  return typeof options?.token === "string" ? { ...options, token: undefined } : options;
}

function checkedToken({ token }: DashboardPluginOptions): string | undefined {
  if (token === undefined || optionsSchema.shape.token.safeParse(token).success) return token;
  throw new RunledgerError("INVALID_OPTION", `dashboard: token: expected ${TOKEN}, received others.`);
}

function randomToken(): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(24))).toString("base64url");
}
