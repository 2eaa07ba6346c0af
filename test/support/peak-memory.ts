import { readFileSync } from "node:fs";

const SAMPLE_EVERY_MS = 10;

/**
 * The most resident memory a running process has had so far, in bytes, looked at until it ends. Not what it has used up
 * when it ended: that begins with the memory of the one that started it. Linux alone tells; elsewhere 0.
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
