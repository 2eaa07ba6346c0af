import { dlopen, ptr } from "bun:ffi";
import { openSync, readSync } from "node:fs";

// Linux only: how the calling thread spent its time, exact to the microsecond. `process.threadCpuUsage()` lags by up to
// a tick of 4 ms.

const CLOCK_THREAD_CPUTIME_ID = 3;
const libc = dlopen("libc.so.6", { clock_gettime: { args: ["i32", "ptr"], returns: "i32" } });
const timespec = new BigInt64Array(2);
const timespecPointer = ptr(timespec);
const schedstat = openSync("/proc/thread-self/schedstat", "r");
const text = Buffer.alloc(128);

/** Microseconds that this thread has run on a processor. */
export function onProcessorUs(): number {
  libc.symbols.clock_gettime(CLOCK_THREAD_CPUTIME_ID, timespecPointer);
  return Number(timespec[0]) * 1e6 + Number(timespec[1]) / 1e3;
}

/** Microseconds that this thread could have run while others had the processor: the machine's noise. */
export function preemptedUs(): number {
  const length = readSync(schedstat, text, 0, text.length, 0);
  return Number(text.toString("latin1", 0, length).split(" ")[1]) / 1e3;
}

/** Adds up how long the thread was blocked during some work: on a disk or a lock, not by other programs. */
export class BlockedTime {
  #totalUs = 0;

  get totalUs(): number {
    return this.#totalUs;
  }

  measure(work: () => void): void {
    const preempted = preemptedUs();
    const onProcessor = onProcessorUs();
    const start = Bun.nanoseconds();
    work();
    const elapsedUs = (Bun.nanoseconds() - start) / 1e3;
    const busyUs = onProcessorUs() - onProcessor;
    this.#totalUs += Math.max(0, elapsedUs - busyUs - (preemptedUs() - preempted));
  }
}
