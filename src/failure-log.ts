import type { Logger } from "./logger";

const INTERVAL_MS = 1_000;

/** Logs failures of one kind at most once a second, with the number of events and the latest error. */
export class FailureLog<Level extends "warn" | "error"> {
  readonly #logger: Pick<Logger, Level>;
  readonly #level: Level;
  readonly #message: string;
  #count = 0;
  #latest: object = {};
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(logger: Pick<Logger, Level>, level: Level, message: string) {
    this.#logger = logger;
    this.#level = level;
    this.#message = message;
  }

  /** Counts `events` and keeps what the log line should say besides their number. */
  add(bindings: object, events = 1): void {
    this.#count += events;
    this.#latest = bindings;
    if (this.#timer === undefined) this.#report();
  }

  /** Logs the rest without waiting for the second to pass. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#count > 0) this.#log();
  }

  #report(): void {
    this.#log();
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (this.#count > 0) this.#report();
    }, INTERVAL_MS);
    this.#timer.unref();
  }

  #log(): void {
    this.#logger[this.#level]({ ...this.#latest, count: this.#count }, this.#message);
    this.#count = 0;
    this.#latest = {};
  }
}
