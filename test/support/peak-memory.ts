import { readFileSync } from "node:fs";

const SAMPLE_EVERY_MS = 10;

/**
 * The peak resident memory of a running process, in bytes, polled until it ends. The figure reported at its end won't
 * do, because that starts with the memory of its parent. Only Linux has it; elsewhere it is 0.
 */
export async function peakMemory({
  pid,
  exited,
}: {
  pid: number;
  exited: Promise<unknown>;
}): Promise<number> {
  let highestKiB = 0;
  const sampling = setInterval(() => {
    const [, now = "0"] = /VmHWM:\s+(\d+)/.exec(statusOf(pid)) ?? [];
    highestKiB = Math.max(highestKiB, Number(now));
  }, SAMPLE_EVERY_MS);
  await exited;
  clearInterval(sampling);
  return highestKiB * 1024;
}

function statusOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/status`, "utf8");
  } catch {
    return "";
  }
}
