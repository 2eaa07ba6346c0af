import { Kysely, PostgresDialect } from "kysely";
import { outlasts } from "../deadline";
import { labelsText, parseLabels } from "../record/labels";
import { toLedgerTime } from "../record/time";
import { loadDriver, type PoolClient, type TypeParser, type TypeParsers } from "./driver";
import type { PostgresSchema } from "./schema";
import type { PostgresLocation } from "./url";

/** How long connecting may take, in milliseconds. */
const CONNECT_WITHIN_MS = 10_000;

/** How to connect. */
export interface PostgresOptions {
  /** TLS, as `pg` takes it: `true`, or what `tls.connect` takes. Default: as the URL says. */
  readonly ssl?: unknown;
  /** Connections in the pool. Default 1. */
  readonly maxConnections?: number;
  /** The location of the package `pg`, for a thread that can't resolve it. */
  readonly driver?: string | undefined;
  /** A statement that takes longer than this, in milliseconds, counts as a lost connection. Default: unlimited. */
  readonly statementTimeoutMs?: number;
}

/** A PostgreSQL ledger. */
export interface Postgres {
  /**
   * Its tables, in its schema. As with SQLite, times and JSON are read as text, 64-bit integers and their sums as
   * numbers.
   */
  readonly db: Kysely<PostgresSchema>;
  /** Closes all connections, by force if they take too long. Never rejects. */
  close(timeoutMs: number): Promise<void>;
}

/** OIDs of types. (pg_type.dat) */
const INT8 = 20;
const TIMESTAMPTZ = 1184;
const NUMERIC = 1700;
const JSONB = 3802;

/**
 * Creates a connection pool, which connects at the first query.
 *
 * @throws {RunledgerError} `MISSING_PACKAGE`
 */
export async function openPostgres(
  location: PostgresLocation,
  options: PostgresOptions = {},
): Promise<Postgres> {
  const { ssl, maxConnections = 1, statementTimeoutMs, driver } = options;
  const { Pool, types } = await loadDriver(driver);
  const pool = new Pool({
    connectionString: location.connectionString(),
    fallback_application_name: "runledger",
    connectionTimeoutMillis: CONNECT_WITHIN_MS,
    keepAlive: true,
    max: maxConnections,
    types: asInSqlite(types),
    ...(ssl !== undefined && { ssl }),
    ...(statementTimeoutMs !== undefined && { query_timeout: statementTimeoutMs }),
  });
  const clients = new Set<PoolClient>();
  let isCut = false;
  const cut = ({ connection }: PoolClient) => connection?.stream?.destroy();
  // A lost idle connection is replaced at the next query.
  pool.on("error", () => {});
  pool.on("connect", (client) => {
    clients.add(client);
    // A connection lost during a query fails that query. Without a listener the error event would end the process.
    client.on("error", () => {});
    if (isCut) cut(client);
  });
  pool.on("remove", (client) => clients.delete(client));
  return {
    db: new Kysely<PostgresSchema>({ dialect: new PostgresDialect({ pool }) }).withSchema(location.schema),
    async close(timeoutMs) {
      if (await outlasts(pool.end(), timeoutMs)) {
        isCut = true;
        for (const client of clients) cut(client);
      }
    },
  };
}

function asInSqlite(types: TypeParsers): TypeParsers {
  const parseTime = types.getTypeParser(TIMESTAMPTZ) as (text: string) => Date;
  const own = new Map<number, TypeParser>([
    [INT8, Number],
    [NUMERIC, Number],
    [JSONB, asStored],
    [TIMESTAMPTZ, (text) => toLedgerTime(parseTime(text).getTime())],
  ]);
  return {
    getTypeParser: (oid, format) =>
      (format === "binary" ? undefined : own.get(oid)) ?? types.getTypeParser(oid, format),
  };
}

/** PostgreSQL prints jsonb with spaces and in its own key order; this restores the text that was stored. */
function asStored(json: string): string {
  return labelsText(parseLabels(json)) ?? json;
}
