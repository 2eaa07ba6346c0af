import { existsSync, readdirSync, realpathSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { spillFilesOf } from "../handoff/spill";
import { formatBytes } from "../report/format/values";
import { shellWord } from "../shell-words";
import type { Finding } from "./finding";

const READABLE_BY_OTHERS = 0o044;

/** Whether only its owner can read a ledger. */
export function checkPermissions(dbPath: string): Finding {
  const check = "permissions";
  const files = [dbPath, `${dbPath}-wal`, `${dbPath}-shm`, ...spillFilesOf(dbPath)].filter(existsSync);
  const open = files.filter((path) => (statSync(path).mode & READABLE_BY_OTHERS) !== 0);
  if (open.length === 0) return { check, level: "ok", message: "only its owner can read the ledger" };
  return {
    check,
    level: "problem",
    message: `others than its owner can read ${open.join(", ")}`,
    remedy: `chmod 600 ${open.map(shellWord).join(" ")}`,
  };
}

/** Whether records wait in spill files. The ledger itself need not be readable. */
export function checkSpill(dbPath: string): Finding {
  const check = "spill files";
  const files = spillFilesOf(dbPath);
  if (files.length === 0) return { check, level: "ok", message: "none waits" };
  const bytes = files.reduce((sum, path) => sum + (statSync(path, { throwIfNoEntry: false })?.size ?? 0), 0);
  return {
    check,
    level: "problem",
    message: `${formatBytes(bytes)} of records wait in ${files.join(", ")}`,
    remedy: `They are taken in when an application opens the ledger; or runledger import ${files.map(shellWord).join(" ")} --db ${shellWord(dbPath)}, then remove what was imported.`,
  };
}

/** Whether the ledger's file was ever replaced while open. The replaced file is then kept beside it. */
export function checkRescued(dbPath: string): Finding {
  const check = "rescued files";
  const path = existsSync(dbPath) ? realpathSync(dbPath) : dbPath;
  const files = existsSync(dirname(path)) ? readdirSync(dirname(path)) : [];
  const rescued = files.filter(
    (name) => name.startsWith(`${basename(path)}.rescued-`) && !/-(wal|shm)$/.test(name),
  );
  const [first] = rescued.map((name) => join(dirname(path), name));
  if (first === undefined)
    return { check, level: "ok", message: "the file was never replaced while it was open" };
  return {
    check,
    level: "note",
    message: `${rescued.length} beside the ledger: what was in it when its file was replaced`,
    remedy: `runledger export --db ${shellWord(first)} | runledger import - --db ${shellWord(dbPath)}, if it is missing there; then remove the file.`,
  };
}
