/** While an application waits for the lock, it tries every few milliseconds at first, later every 100. */
const SHORTEST_PAUSE_MS = 10;

/** Pauses after each step for as long as it took, so that the lock is free half of the time. */
export async function* takingTurns<Step>(steps: Iterable<Step>): AsyncGenerator<Step> {
  let startedAt = performance.now();
  for (const step of steps) {
    yield step;
    await Bun.sleep(Math.max(SHORTEST_PAUSE_MS, performance.now() - startedAt));
    startedAt = performance.now();
  }
}
