import type { TelemetryRecord } from "../../src/record/types";
import type { Contender } from "../contenders/contender";

type NextEvent = () => TelemetryRecord;

/** Far below the queue's bound of 100 000, so that nothing spills. */
export const FULL_SPEED = { chunk: 512, maxQueued: 20_000 } as const;

/** Lets the event loop turn once. */
export const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Emits a chunk at fixed intervals, as long as the contender keeps up; returns the number of events. */
export async function emitAtRate(
  { emit }: Contender,
  nextEvent: NextEvent,
  { durationMs, perSecond, chunk }: { durationMs: number; perSecond: number; chunk: number },
  around: (emitChunk: () => void) => void,
): Promise<number> {
  const start = performance.now();
  const emitChunk = () => {
    for (let i = 0; i < chunk; i += 1) emit(nextEvent());
  };
  let due = start;
  let events = 0;
  while (performance.now() - start < durationMs) {
    around(emitChunk);
    events += chunk;
    due += (chunk / perSecond) * 1000;
    const waitMs = due - performance.now();
    if (waitMs > 1) await Bun.sleep(waitMs);
    else await nextTurn();
  }
  return events;
}

/** Emits as fast as the contender stores, with a limit on the events that wait; returns the number of events. */
export async function emitAtFullSpeed(
  { emit, queued }: Contender,
  nextEvent: NextEvent,
  { durationMs, chunk, maxQueued }: { durationMs: number; chunk: number; maxQueued: number },
): Promise<number> {
  const start = performance.now();
  let events = 0;
  while (performance.now() - start < durationMs) {
    for (let i = 0; i < chunk; i += 1) emit(nextEvent());
    events += chunk;
    await nextTurn();
    while (queued() > maxQueued) await Bun.sleep(1);
  }
  return events;
}
