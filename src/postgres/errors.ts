import { codeOf, messageOf } from "../describe";
import { type ErrorCode, RunledgerError } from "../errors";
import type { PostgresLocation } from "./url";

/**
 * Why PostgreSQL failed: `row`, it refused the data; `conflict`, another transaction interfered; `passing`, a
 * transient condition; `lasting`, one that a person must fix.
 */
export type FailureKind = "row" | "conflict" | "passing" | "lasting";

/** Prefixes of SQLSTATEs. (postgresql.org/docs/current/errcodes-appendix.html) */
const KINDS: readonly (readonly [FailureKind, RegExp])[] = [
  // Serialization failures, deadlocks, locks not available.
  ["conflict", /^(40|55P03)/],
  // Read-only: usually a standby that is about to become the primary.
  ["passing", /^(08|25006|53|55|57|58|XX)/],
  // Data, constraints, checks of views, sizes beyond a limit, errors that triggers raise.
  ["row", /^(22|23|44|45|54|P0)/],
];

/** Errors of the network and of a server that shuts down: by code or, without one, by message. */
const PASSING_CODES =
  /^(SQLITE_(BUSY|LOCKED|FULL|IOERR|READONLY)|ECONN|EPIPE|ETIMEDOUT|EHOST|ENET|EAI_AGAIN|EADDR)/;
const PASSING_MESSAGES = /terminat|time ?out|not queryable|connection/i;

const HINTS: Readonly<Record<string, string>> = {
  "25006": "It is a read-only standby: connect to the primary.",
  "28000":
    "The server refuses this login: check user and database, whether it requires TLS, and its pg_hba.conf.",
  "28P01":
    "Check user and password: in the URL, in RUNLEDGER_FORWARD_URL, or where pg looks, PGPASSWORD and ~/.pgpass.",
  "3D000": "Create the database first, or check its name.",
  "3F000": "Create the schema first, or check its name.",
  "42501": "Grant what is missing; docs/forwarding.md, under Roles and passwords, has the statements.",
  "42P01": "A table was dropped: restore it, or name another schema.",
  "53100": "Free space on the server's disk.",
  "53300": "Raise max_connections on the server, or put a connection pooler in front of it.",
  EAI_AGAIN: "Check the host name, and that DNS works on this machine.",
  ECONNREFUSED: "Nothing is listening there: check host and port, and whether the server is running.",
  ENOTFOUND: "Check the host name.",
};
const TLS_HINT = "Check the option ssl, or the URL's sslmode: it must match what the server offers.";

/** Whether a table, or its schema, does not exist. */
export function isMissingTable(error: unknown): boolean {
  return /^(42P01|3F000)$/.test(sqlStateOf(error));
}

export function failureKindOf(error: unknown): FailureKind {
  const sqlState = sqlStateOf(error);
  if (sqlState !== "") return KINDS.find(([, states]) => states.test(sqlState))?.[0] ?? "lasting";
  if (error instanceof RunledgerError) return "lasting";
  const code = codeOf(error);
  const isPassing =
    code === "" ? PASSING_MESSAGES.test(messageOf(error)) && !isOfTls(error) : PASSING_CODES.test(code);
  return isPassing ? "passing" : "lasting";
}

/** Turns an error of PostgreSQL or of the connection into a `RunledgerError`, with a hint and without the password. */
export function toPostgresFailure(
  code: ErrorCode,
  operation: string,
  { name, redact }: Pick<PostgresLocation, "name" | "redact">,
  error: unknown,
): RunledgerError {
  if (error instanceof RunledgerError) return error;
  const itsCode = sqlStateOf(error) || codeOf(error);
  const reason = redact(`${itsCode === "" ? "" : `${itsCode}: `}${messageOf(error)}`);
  return new RunledgerError(code, `Can't ${operation} ${name}: ${reason}.`, {
    cause: error,
    hint: HINTS[itsCode] ?? (isOfTls(error) ? TLS_HINT : undefined),
  });
}

/** `""` when the error does not come from the server. */
function sqlStateOf(error: unknown): string {
  return error instanceof Error && "severity" in error ? codeOf(error) : "";
}

function isOfTls(error: unknown): boolean {
  return /SSL|TLS|CERT|SIGNED/i.test(`${codeOf(error)} ${messageOf(error)}`);
}
