import { RunledgerError } from "../errors";

const DEFAULT_SCHEMA = "public";
const DEFAULT_PORT = "5432";
/**
 * Stands in for a missing host, as in `postgres://user@/database?host=/run/postgresql`: `pg` accepts that, `URL`
 * doesn't.
 */
const NO_HOST = "no-host.invalid";
const EXAMPLE = "postgres://user@host:5432/database";

/** The address of a PostgreSQL ledger. Only `connectionString` contains the password. */
export interface PostgresLocation {
  /** `host:port/database?schema`: identifies the ledger, whoever connects. */
  readonly name: string;
  /** The same as a URL to type: with the user, without the password. */
  readonly url: string;
  readonly schema: string;
  readonly hasPassword: boolean;
  /** The URL as it was given, including the password. */
  readonly connectionString: () => string;
  /** Removes the password from a text. */
  readonly redact: (text: string) => string;
}

/** Whether a text is meant as a PostgreSQL URL, valid or not, rather than as a path. */
export function isPostgresUrl(text: string): boolean {
  return /^\s*postgres(ql)?:/i.test(text);
}

/**
 * Parses a URL as `pg` would.
 *
 * @param schema Default: the URL's parameter `schema`, else `public`.
 * @throws {RunledgerError} `INVALID_OPTION`, without the URL in it.
 */
export function parsePostgresUrl(given: string, schema?: string): PostgresLocation {
  const text = given.trim();
  const url = isPlain(text) ? (URL.parse(text) ?? URL.parse(text.replace("@/", `@${NO_HOST}/`))) : null;
  if (url === null) {
    throw new RunledgerError(
      "INVALID_OPTION",
      `Expected a URL such as ${EXAMPLE}, received something else.`,
      {
        hint: "In a user name or password, write characters other than letters and digits as %XX, such as %2F for / and %40 for @.",
      },
    );
  }
  const parameter = (name: string): string => url.searchParams.get(name) ?? "";
  const { env } = process;
  const givenUser = parameter("user") || decode(url.username);
  const login = givenUser === "" ? "" : `${encodeURIComponent(givenUser)}@`;
  const user = givenUser || env["PGUSER"] || env["USER"] || "";
  const hostname = url.hostname === NO_HOST ? "" : decode(url.hostname);
  const host = parameter("host") || hostname || env["PGHOST"] || "localhost";
  const port = parameter("port") || url.port || env["PGPORT"] || DEFAULT_PORT;
  const database = decode(url.pathname.slice(1)) || env["PGDATABASE"] || user;
  const chosenSchema = schema ?? (parameter("schema") || DEFAULT_SCHEMA);
  const query = queryOf({
    schema: chosenSchema === DEFAULT_SCHEMA ? "" : chosenSchema,
    sslmode: parameter("sslmode"),
  });
  const secrets = [url.password, decode(url.password), parameter("password")].filter((part) => part !== "");
  return {
    name: `${host}:${port}/${database}?${chosenSchema}`,
    url: `postgres://${login}${hostOf(host)}:${port}/${encodeURIComponent(database)}${query}`,
    schema: chosenSchema,
    hasPassword: secrets.length > 0,
    connectionString: () => text,
    redact: (shown) => secrets.reduce((safe, secret) => safe.replaceAll(secret, "***"), shown),
  };
}

/**
 * Whether a URL means what it seems to. An unencoded `/`, `?` or `#` in a password ends the authority early: the start
 * of the password would be read as a port, and its end as a database, recognisable by the `@` after the host.
 * Fragments and characters that URL parsers drop are refused too: nobody needs them.
 */
function isPlain(text: string): boolean {
  const [, rest] = /^postgres(?:ql)?:\/\/[^/?#]*([^#]*)$/i.exec(text) ?? [];
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for.
  return rest !== undefined && !rest.includes("@") && !/[\0-\x1f]/.test(text);
}

/** The host for a URL: a socket's folder is encoded, an IPv6 address keeps its brackets. */
function hostOf(host: string): string {
  return host.startsWith("[") ? host : encodeURIComponent(host);
}

function queryOf(parameters: Readonly<Record<string, string>>): string {
  const given = Object.entries(parameters).filter(([, value]) => value !== "");
  return given.length === 0 ? "" : `?${new URLSearchParams(given)}`;
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
