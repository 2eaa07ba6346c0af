import { RunledgerError } from "../errors";
import type { Logger } from "../logger";
import type { CloseHook } from "./plugin";

interface Registration {
  readonly hook: CloseHook;
}

/** An app's teardown: hooks run last in first out, one at a time, and all of them. */
export class CloseHooks {
  #registrations: Registration[] = [];

  /** Returns a function that removes the hook; calling it twice is harmless. */
  add(hook: CloseHook): () => void {
    // The wrapper gives each registration its own identity, because the same function may be registered twice.
    const registration = { hook };
    this.#registrations.push(registration);
    return () => {
      this.#registrations = this.#registrations.filter((other) => other !== registration);
    };
  }

  /** The current hooks, for {@link restore}. */
  snapshot(): readonly Registration[] {
    return [...this.#registrations];
  }

  restore(before: readonly Registration[]): void {
    this.#registrations = [...before];
  }

  /**
   * Runs and removes all hooks within `timeoutMs` in total. Each may take the remaining time divided by the number of
   * hooks still to run, so one that hangs never uses up the time of those after it.
   *
   * @throws {AggregateError} after the last hook, with everything that was thrown or timed out.
   */
  async run(timeoutMs: number, logger: Logger): Promise<void> {
    const deadline = performance.now() + timeoutMs;
    const errors: unknown[] = [];
    const total = this.#registrations.length;
    for (let last = this.#registrations.pop(); last !== undefined; last = this.#registrations.pop()) {
      const waiting = this.#registrations.length + 1;
      const shareMs = Math.max(0, deadline - performance.now()) / waiting;
      try {
        await withinTime(last.hook, shareMs, logger);
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0)
      throw new AggregateError(errors, `${errors.length} of ${total} close hooks failed.`);
  }
}

async function withinTime(hook: CloseHook, timeoutMs: number, logger: Logger): Promise<void> {
  const { promise: timeout, reject } = Promise.withResolvers<never>();
  const running = Promise.try(hook, { timeoutMs });
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    reject(
      new RunledgerError("CLOSE_TIMEOUT", `A close hook did not finish within ${Math.round(timeoutMs)} ms.`),
    );
  }, timeoutMs);
  // Nobody awaits a hook that has timed out, so its late failure must not become an unhandled rejection.
  running.catch((err: unknown) => {
    if (timedOut) logger.warn({ err }, "a close hook failed after it had timed out");
  });
  try {
    await Promise.race([running, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
