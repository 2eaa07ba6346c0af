import { Database } from "bun:sqlite";
import { statfsSync } from "node:fs";
import { cpus, release, totalmem, type } from "node:os";
import { join } from "node:path";
import { openLedgerFile } from "../src/ledger/open";
import { openEarlier } from "./contenders/earlier-table";

/** The numbers by which `statfs` identifies file systems. (linux/magic.h) */
const FILE_SYSTEMS: Readonly<Record<number, string>> = {
  61267: "ext4",
  1481003842: "xfs",
  2435016766: "btrfs",
  16914836: "tmpfs",
  2035054128: "overlay",
};

const CONNECTION_PRAGMAS = [
  "journal_mode",
  "synchronous",
  "page_size",
  "cache_size",
  "wal_autocheckpoint",
  "auto_vacuum",
] as const;

/** What a reader must know to compare numbers. */
export function describeMachine(folder: string) {
  const processors = cpus();
  using memory = new Database(":memory:");
  return {
    processor: processors[0]?.model.trim() ?? "unknown",
    cores: processors.length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: `${type()} ${release()}`,
    fileSystem: FILE_SYSTEMS[statfsSync(folder).type] ?? `type ${statfsSync(folder).type}`,
    bun: Bun.version,
    sqlite: memory.query<{ version: string }, []>("SELECT sqlite_version() AS version").get()?.version ?? "",
    pragmas: { runledger: ownPragmas(folder), earlier: earlierPragmas(folder) },
    at: new Date().toISOString(),
  };
}

function ownPragmas(folder: string): string {
  const connection = openLedgerFile(join(folder, "pragmas.db"), { synchronous: "NORMAL" });
  try {
    return list((name) => Object.values(connection.pragma(name)[0] ?? {})[0]);
  } finally {
    connection.close();
  }
}

function earlierPragmas(folder: string): string {
  using database = openEarlier(folder);
  return list((name) => Object.values(database.query<object, []>(`PRAGMA ${name}`).get() ?? {})[0]);
}

function list(read: (pragma: string) => unknown): string {
  return CONNECTION_PRAGMAS.map((name) => `${name}=${read(name)}`).join(" ");
}
