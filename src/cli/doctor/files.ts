import { existsSync, statSync } from "node:fs";
import { formatBytes } from "../../report/format-values";
import { spillFilesOf } from "../../telemetry/spill";
import type { Finding } from "./finding";

const READABLE_BY_OTHERS = 0o044;

/** What can be seen of a ledger from outside; the ledger need not be readable. */
export function checkFiles(dbPath: string): readonly Finding[] {
  return [checkPermissions(dbPath), checkSpill(dbPath)];
}

function checkPermissions(dbPath: string): Finding {
  const check = "permissions";
  const files = [dbPath, `${dbPath}-wal`, `${dbPath}-shm`, ...spillFilesOf(dbPath)].filter(existsSync);
  const open = files.filter((path) => (statSync(path).mode & READABLE_BY_OTHERS) !== 0);
  if (open.length === 0) return { check, level: "ok", message: "only its owner can read the ledger" };
  return {
    check,
    level: "problem",
    message: `others than its owner can read ${open.join(", ")}`,
    remedy: `chmod 600 ${open.join(" ")}`,
  };
}

function checkSpill(dbPath: string): Finding {
  const check = "spill files";
  const files = spillFilesOf(dbPath);
  if (files.length === 0) return { check, level: "ok", message: "none waits" };
  const bytes = files.reduce((sum, path) => sum + (statSync(path, { throwIfNoEntry: false })?.size ?? 0), 0);
  return {
    check,
    level: "problem",
    message: `${formatBytes(bytes)} of records wait in ${files.join(", ")}`,
    remedy: `They are taken in when an application opens the ledger; or runledger import ${files.join(" ")}, then remove what was imported.`,
  };
}
