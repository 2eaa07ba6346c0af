import { accessSync, constants, readFileSync, statfsSync } from "node:fs";

/** Where Linux has a file system in memory. */
const MEMORY = "/dev/shm";
/** More than a whole test run needs there. */
const NEEDED_BYTES = 2 * 2 ** 30;

/** A folder in memory, if there is one with room, in which programs can run. */
export function memoryFolder(): string | undefined {
  try {
    accessSync(MEMORY, constants.W_OK);
    const { bavail, bsize } = statfsSync(MEMORY);
    return bavail * bsize > NEEDED_BYTES && canExecute(MEMORY) ? MEMORY : undefined;
  } catch {
    return undefined;
  }
}

function canExecute(mountPoint: string): boolean {
  const mounts = readFileSync("/proc/mounts", "utf8")
    .split("\n")
    .map((line) => line.split(" "));
  const [, , , options = "noexec"] = mounts.findLast(([, place]) => place === mountPoint) ?? [];
  return !options.split(",").includes("noexec");
}
