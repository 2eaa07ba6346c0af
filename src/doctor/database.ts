import { statSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { SCHEMA_VERSION } from "../ledger/schema";
import type { Ledger } from "../report/database/ledger";
import { formatBytes, formatCountOf } from "../report/format/values";
import type { Check } from "./finding";
import { pragma, pragmaNumber } from "./pragma";

/** More than an application normally leaves, because it checkpoints every few thousand rows. */
const LARGE_LOG_BYTES = 64 << 20;
const MANY_FREE_BYTES = 10_000_000;
const MANY_FREE_SHARE = 0.25;
const CHECKPOINT_TRIES = 6;
const BETWEEN_TRIES_MS = 100;
const SHOWN_ERRORS = 3;
const INDEXES = ["created_at", "repo", "execution_id"] as const;

export const integrity: Check = {
  name: "integrity",
  isLong: true,
  async run({ dbWord, ledger }) {
    if (!(await isInWalMode(ledger))) {
      // Without a write-ahead log, the check would block writers.
      return {
        level: "note",
        message: "not checked, as the program that writes it would have to wait",
        remedy: upgrade(dbWord),
      };
    }
    const rows = await pragma(ledger, "integrity_check");
    const errors = rows.map((row) => String(Object.values(row)[0])).filter((text) => text !== "ok");
    if (errors.length === 0) return { level: "ok", message: "SQLite finds no damage" };
    return {
      level: "problem",
      message: `${formatCountOf(errors.length, "error")}: ${errors.slice(0, SHOWN_ERRORS).join("; ")}`,
      remedy: `Restore a copy; or save what can be read: runledger export --db ${dbWord} --out saved.jsonl`,
    };
  },
};

export const schema: Check = {
  name: "schema",
  async run({ dbWord, ledger }) {
    if (!ledger.hasRollups) {
      return {
        level: "note",
        message: "the earlier one-table design: there are no sums per day, so reports read every row",
        remedy: upgrade(dbWord),
      };
    }
    return { level: "ok", message: `version ${SCHEMA_VERSION}` };
  },
};

export const indexes: Check = {
  name: "indexes",
  async run({ dbWord, ledger }) {
    const present = new Set((await pragma(ledger, "main.index_list(executions)")).map(({ name }) => name));
    const expected = INDEXES.filter((column) => column !== "execution_id" || ledger.hasRollups);
    const missing = expected.filter((column) => !present.has(`idx_executions_${column}`));
    if (missing.length === 0) return { level: "ok", message: "all are there" };
    const statements = missing.map(
      (column) =>
        `CREATE ${column === "execution_id" ? "UNIQUE " : ""}INDEX idx_executions_${column} ON executions(${column});`,
    );
    return {
      level: "problem",
      message: `missing on ${missing.join(", ")}`,
      remedy: `sqlite3 ${dbWord} '${statements.join(" ")}'`,
    };
  },
};

export const writeAheadLog: Check = {
  name: "write-ahead log",
  async run({ dbPath }) {
    const bytes = statSync(`${dbPath}-wal`, { throwIfNoEntry: false })?.size ?? 0;
    if (bytes < LARGE_LOG_BYTES) return { level: "ok", message: formatBytes(bytes) };
    return {
      level: "note",
      message: `${formatBytes(bytes)}, which is much`,
      remedy:
        "A reader may have held it back. It shrinks once that has ended and an application writes again, or when the last program closes it.",
    };
  },
};

export const readers: Check = {
  name: "readers",
  async run({ dbWord, ledger }) {
    const heldBack = await pagesHeldBack(ledger);
    if (heldBack === undefined) return { level: "ok", message: "there is no write-ahead log to hold back" };
    if (heldBack === 0) return { level: "ok", message: "none holds the write-ahead log back" };
    return {
      level: "problem",
      message: `a program that reads holds back ${formatCountOf(heldBack, "page")} of the write-ahead log`,
      remedy: `It keeps a transaction open: lsof ${dbWord} names the programs that have the ledger open.`,
    };
  },
};

export const freePages: Check = {
  name: "free pages",
  async run({ dbWord, ledger }) {
    const pageBytes = await pragmaNumber(ledger, "page_size");
    const free = (await pragmaNumber(ledger, "freelist_count")) * pageBytes;
    const all = (await pragmaNumber(ledger, "page_count")) * pageBytes;
    const message = `${formatBytes(free)} of ${formatBytes(all)} are free`;
    if (free < MANY_FREE_BYTES || free < all * MANY_FREE_SHARE) return { level: "ok", message };
    const isIncremental = (await pragmaNumber(ledger, "auto_vacuum")) === 2;
    return {
      level: "note",
      message,
      remedy: isIncremental
        ? `runledger purge --older-than 3650d --db ${dbWord} gives them back.`
        : `They are used again for what comes. To give them back, while no application runs: sqlite3 ${dbWord} VACUUM`,
    };
  },
};

function upgrade(dbWord: string): string {
  return `runledger checkpoint --db ${dbWord} brings it up to date; programs of the earlier design can go on using it.`;
}

async function isInWalMode(ledger: Ledger): Promise<boolean> {
  const [row] = await pragma(ledger, "journal_mode");
  return row?.["journal_mode"] === "wal";
}

/**
 * How many pages a checkpoint can't copy. It retries for a while, so that short reads can end, and blocks nobody.
 * `undefined` without a write-ahead log, and on a read-only file system.
 */
async function pagesHeldBack(ledger: Ledger): Promise<number | undefined> {
  let heldBack = 0;
  for (let left = CHECKPOINT_TRIES; left > 0; left -= 1) {
    const [row] = await pragma(ledger, "wal_checkpoint(PASSIVE)");
    const log = Number(row?.["log"]);
    if (log < 0) return undefined;
    heldBack = log - Number(row?.["checkpointed"]);
    if (heldBack === 0) return 0;
    await setTimeout(BETWEEN_TRIES_MS);
  }
  return heldBack;
}
