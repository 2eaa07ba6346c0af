import { Database } from "bun:sqlite";
import { copyFileSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import pg from "pg";
import { ForwardSupervisor } from "../../src/forward/forward-supervisor";
import { parseForwardOptions } from "../../src/forward/options";
import { EXECUTION_COLUMNS } from "../../src/ledger/schema";
import { defaultLogger } from "../../src/logger";
import { type PostgresServer, queryOnce, startPostgres } from "../../test/support/postgres-server";
import { LEDGER_FILE } from "../contenders/contender";
import { prefill } from "../prefill";
import type { Case, Measures } from "./case";
import type { ReadingFigure } from "./figure";

const REPOSITORIES = 20;
const ROWS = 100_000;
const BATCH_SIZE = 1_000;
/** How long threads may take to start, before there is anything to forward. */
const START_MS = 1_000;
/** Settings of a server that holds real data. */
const DURABLE = { fsync: "on", full_page_writes: "on", max_wal_size: "4GB" };

/** How fast a ledger gets to a PostgreSQL on the same machine, compared with the bare INSERTs. */
async function measureForward(dbPath: string): Promise<Measures> {
  const folder = mkdtempSync(join(dirname(dbPath), "forward-"));
  await using server = await startPostgres(DURABLE);
  try {
    const rows = countRows(dbPath);
    const contenders: readonly (readonly [string, () => Promise<number>])[] = [
      ["raw", () => insertRaw(server, dbPath)],
      ...[1, 4, 16].map(
        (count) =>
          [`forwarders${count}`, () => forward(server, dbPath, join(folder, `${count}`), count)] as const,
      ),
    ];
    const seconds: Record<string, number> = {};
    for (const [name, run] of shuffled(contenders)) {
      await queryOnce(server.url("postgres"), "CHECKPOINT");
      seconds[name] = await run();
    }
    const perSecond = (name: string) => rows / (seconds[name] ?? Number.NaN);
    return {
      forwarders1PerSecond: perSecond("forwarders1"),
      forwarders4PerSecond: perSecond("forwarders4"),
      forwarders16PerSecond: perSecond("forwarders16"),
      rawPerSecond: perSecond("raw"),
      ofRaw: perSecond("forwarders1") / perSecond("raw"),
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Seconds to read the ledger and insert its rows, a thousand at a time, into a table like ours. */
async function insertRaw(server: PostgresServer, dbPath: string): Promise<number> {
  const url = server.url(await server.createDatabase());
  await makeTables(url, dirname(dbPath));
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  using database = new Database(dbPath, { readonly: true });
  const select = database.query<Record<string, unknown>, [number]>(
    `SELECT id, ${EXECUTION_COLUMNS.join(", ")} FROM executions WHERE id > ? ORDER BY id LIMIT ${BATCH_SIZE}`,
  );
  const startMs = performance.now();
  for (let lastId = 0; ; ) {
    const rows = select.all(lastId);
    if (rows.length === 0) break;
    const values = rows.flatMap((row) => ["ledger", ...EXECUTION_COLUMNS.map((column) => row[column])]);
    await client.query(insertText(rows.length), values);
    lastId = Number(rows.at(-1)?.["id"]);
  }
  const seconds = (performance.now() - startMs) / 1_000;
  await client.end();
  return seconds;
}

function insertText(rows: number): string {
  const columns = ["ledger_id", ...EXECUTION_COLUMNS];
  const values = Array.from(
    { length: rows },
    (_, row) => `(${columns.map((_column, index) => `$${row * columns.length + index + 1}`)})`,
  );
  return `INSERT INTO executions (${columns}) VALUES ${values}`;
}

/** Lets a first forwarder create the tables; there is nothing to forward. */
async function makeTables(url: string, folder: string): Promise<void> {
  const empty = mkdtempSync(join(folder, "empty-"));
  prefill(empty, { repositories: 1 }, 0);
  const forwarding = new ForwardSupervisor(
    parseForwardOptions({ from: join(empty, LEDGER_FILE), to: url }),
    defaultLogger(),
  );
  await forwarding.ready;
  await forwarding.close();
  rmSync(empty, { recursive: true });
}

/**
 * Seconds that a number of forwarders take, each with its share of the rows in its own ledger. They start first: the
 * ledgers are put in place once all forwarders are waiting for them.
 */
async function forward(
  server: PostgresServer,
  dbPath: string,
  folder: string,
  count: number,
): Promise<number> {
  const to = server.url(await server.createDatabase());
  await makeTables(to, dirname(dbPath));
  mkdirSync(folder);
  const places = Array.from({ length: count }, (_, index) => join(folder, `${index}`));
  for (const place of places) makeShare(dbPath, place, count);
  const forwarders = places.map(
    (place) =>
      new ForwardSupervisor(
        parseForwardOptions({ from: `${place}.db`, to, batchSize: BATCH_SIZE, intervalMs: 5 }),
        defaultLogger(),
      ),
  );
  await Bun.sleep(START_MS);
  const startMs = performance.now();
  for (const place of places) renameSync(join(place, LEDGER_FILE), `${place}.db`);
  await Promise.all(forwarders.map((forwarder) => forwarder.flush()));
  const seconds = (performance.now() - startMs) / 1_000;
  await Promise.all(forwarders.map((forwarder) => forwarder.close()));
  const [stored] = await queryOnce<{ count: number }>(to, "SELECT count(*)::int AS count FROM executions");
  const expected = countRows(dbPath);
  if (stored?.count !== expected) throw new Error(`${stored?.count} of ${expected} rows were forwarded`);
  return seconds;
}

function makeShare(dbPath: string, place: string, count: number): void {
  mkdirSync(place);
  if (count === 1) copyFileSync(dbPath, join(place, LEDGER_FILE));
  else prefill(place, { repositories: REPOSITORIES }, countRows(dbPath) / count);
}

function countRows(dbPath: string): number {
  using database = new Database(dbPath, { readonly: true });
  return database.query<{ rows: number }, []>("SELECT count(*) AS rows FROM executions").get()?.rows ?? 0;
}

/** The first one finds cold caches, the last one a larger server. */
function shuffled<Item>(items: readonly Item[]): Item[] {
  return items
    .map((item) => ({ item, place: Math.random() }))
    .sort((a, b) => a.place - b.place)
    .map(({ item }) => item);
}

export const forwarding: ReadingFigure = {
  title: "forward: executions per second from a ledger to a PostgreSQL on the same machine",
  columns: ["forwarders1PerSecond", "forwarders4PerSecond", "forwarders16PerSecond", "rawPerSecond", "ofRaw"],
  cases: (isQuick): readonly Case[] => [
    { contender: "runledger", repositories: REPOSITORIES, rows: isQuick ? ROWS / 10 : ROWS },
  ],
  pace: () => ({ warmUpMs: 0, durationMs: 0 }),
  read: measureForward,
  targets: (results) =>
    results.cases().map((trial) => ({
      name: "one forwarder × raw multi-row INSERT",
      value: results.median("ofRaw", trial),
      limit: 0.6,
      isUpperLimit: false,
    })),
};
