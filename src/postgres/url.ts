import { RunledgerError } from "../errors";

const DEFAULT_SCHEMA = "public";
const DEFAULT_PORT = "5432";
/** Stands where a URL has no host, as in `postgres://user@/database?host=/run/postgresql`: `pg` takes that, `URL` doesn't. */
const NO_HOST = "no-host.invalid";
const EXAMPLE = "postgres://user@host:5432/database";

/** Where a PostgreSQL ledger is. Nothing of it that can be printed has the password in it. */
export interface PostgresLocation {
  /** `host:port/database?schema`: tells one ledger from another, whoever connects. */
  readonly name: string;
  /** The same as a URL that can be typed, with the user, and without the password. */
  readonly url: string;
  readonly schema: string;
  readonly hasPassword: boolean;
  /** The URL as it was given, password and all. */
  readonly connectionString: () => string;
  /** Takes the password out of a text. */
  readonly redact: (text: string) => string;
}

/** Whether a text is meant as the URL of a PostgreSQL database, valid or not, rather than as a path. */
export function isPostgresUrl(text: string): boolean {
  return /^\s*postgres(ql)?:/i.test(text);
}

/**
 * Takes a URL apart, as `pg` would.
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
        hint: "In a user or a password, write other characters than letters and digits as %XX, such as %2F for / and %40 for @.",
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
 * Whether a URL means what it seems to. A `/`, `?` or `#` in a password ends the host, as everybody reads it: the `@` that
 * was to come before the host then comes after it, and the beginning of the password would be taken for a port, its end for
 * a database. And nobody needs a fragment, or characters that are left out when a URL is read.
 */
function isPlain(text: string): boolean {
  const [, rest] = /^postgres(?:ql)?:\/\/[^/?#]*([^#]*)$/i.exec(text) ?? [];
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
  return rest !== undefined && !rest.includes("@") && !/[\0-\x1f]/.test(text);
}

/** As a URL has it: a socket's folder is encoded, an address of IPv6 stays in its brackets. */
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
