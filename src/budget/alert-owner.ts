import { hostname } from "node:os";
import { codeOf } from "../describe";

/** Who sends an alert: a plugin of a process. */
export function newOwner(): string {
  return `${process.pid}@${hostname()}/${Bun.randomUUIDv7()}`;
}

/** Whether an owner's process is known to be gone. */
export function isDead(owner: string): boolean {
  const [, pid, host] = /^(\d+)@(.*)\/[^/]*$/s.exec(owner) ?? [];
  if (pid === undefined) return owner === "";
  if (host !== hostname()) return false;
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch (error) {
    return codeOf(error) === "ESRCH";
  }
}
