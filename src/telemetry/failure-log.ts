import type { Logger } from "../logger";

const INTERVAL_MS = 1_000;

/** Logs failures of one kind at most once a second, with how many there were and the latest of them. */
export class FailureLog {
  readonly #logger: Logger;
  readonly #level: "warn" | "error";
  readonly #message: string;
  #count = 0;
  #latest: unknown;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(logger: Logger, level: "warn" | "error", message: string) {
    this.#logger = logger;
    this.#level = level;
    this.#message = message;
  }

  add(err: unknown): void {
    this.#count += 1;
    this.#latest = err;
    if (this.#timer === undefined) this.#report();
  }

  /** Logs what is left without waiting for the second to pass. */
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
    this.#logger[this.#level]({ err: this.#latest, count: this.#count }, this.#message);
    this.#count = 0;
    this.#latest = undefined;
  }
}
