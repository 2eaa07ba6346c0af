import { outlasts } from "../deadline";

/** How often the ledger is looked at while anybody watches, in milliseconds. */
const LOOK_EVERY_MS = 500;
/** Proxies end a connection on which nothing comes. */
const SIGN_OF_LIFE_MS = 15_000;
const RECONNECT_AFTER_MS = 1_000;
const MOST_STREAMS = 100;
/** A look that takes longer is given up, in milliseconds. */
const LONGEST_LOOK_MS = 10_000;

/** What watching takes. */
export interface LiveOptions {
  /** Changes whenever what is in the ledger may have changed. */
  readonly version: () => Promise<string>;
  readonly lookEveryMs?: number;
}

/** Tells all who watch when something changed: one look at the ledger is enough for all of them. */
export class Live {
  readonly #options: LiveOptions;
  readonly #streams = new Set<ReadableStreamDefaultController<string>>();
  #timer: ReturnType<typeof setInterval> | undefined;
  #isLooking = false;
  #seen: string | undefined;
  #spokeAtMs = 0;

  constructor(options: LiveOptions) {
    this.#options = options;
  }

  /**
   * The version by which answers are told apart: as it was seen last while anybody watches, since whoever watches is
   * told of the next one; else as it is.
   */
  async version(): Promise<string> {
    return this.#timer !== undefined && this.#seen !== undefined ? this.#seen : this.#look();
  }

  /** Server-sent events: the version at once, and each new one; `undefined` when too many watch. */
  watch(signal: AbortSignal): ReadableStream<string> | undefined {
    if (this.#streams.size >= MOST_STREAMS) return undefined;
    let stop = () => {};
    return new ReadableStream<string>({
      start: async (controller) => {
        stop = () => this.#remove(controller);
        signal.addEventListener("abort", stop);
        this.#streams.add(controller);
        controller.enqueue(`retry: ${RECONNECT_AFTER_MS}\n\n`);
        this.#begin();
        const version = await this.version();
        if (this.#streams.has(controller)) controller.enqueue(eventOf(version));
      },
      cancel: () => stop(),
    });
  }

  close(): void {
    for (const controller of this.#streams) this.#remove(controller);
  }

  #begin(): void {
    this.#timer ??= setInterval(() => void this.#tell(), this.#options.lookEveryMs ?? LOOK_EVERY_MS);
  }

  #remove(controller: ReadableStreamDefaultController<string>): void {
    if (!this.#streams.delete(controller)) return;
    try {
      controller.close();
    } catch {
      // The other side closed it.
    }
    if (this.#streams.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#seen = undefined;
  }

  async #tell(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    const before = this.#seen;
    const version = await this.#look();
    this.#isLooking = false;
    const now = performance.now();
    if (version !== before) this.#send(eventOf(version));
    else if (now - this.#spokeAtMs > SIGN_OF_LIFE_MS) this.#send(": still here\n\n");
  }

  #send(text: string): void {
    this.#spokeAtMs = performance.now();
    for (const controller of this.#streams) {
      try {
        controller.enqueue(text);
      } catch {
        this.#remove(controller);
      }
    }
  }

  /** A ledger that can't be read has a version as well: it changes when it can. */
  async #look(): Promise<string> {
    const looking = this.#options.version().catch((error: unknown) => `unreadable ${String(error)}`);
    // A connection that is gone may never answer.
    const version = (await outlasts(looking, LONGEST_LOOK_MS)) ? "unreadable: no answer" : await looking;
    if (this.#timer !== undefined) this.#seen = version;
    return version;
  }
}

function eventOf(version: string): string {
  return `event: version\ndata: ${JSON.stringify({ version })}\n\n`;
}
