import { outlasts } from "../deadline";

/** How often the ledger is checked while anybody watches, in milliseconds. */
const LOOK_EVERY_MS = 500;
/** How often a silent stream sends a sign of life: proxies close silent connections. */
const SIGN_OF_LIFE_MS = 15_000;
const RECONNECT_AFTER_MS = 1_000;
const MOST_STREAMS = 100;
/** After this many milliseconds, a check is abandoned. */
const LONGEST_LOOK_MS = 10_000;

/** What watching needs. */
export interface LiveOptions {
  /** Changes whenever the ledger's content may have changed. */
  readonly version: () => Promise<string>;
  readonly lookEveryMs?: number;
}

/** Tells all viewers when something changed, with one check of the ledger for all of them. */
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
   * The version that distinguishes answers. While anybody watches it is the last version seen, since viewers are told
   * about the next one; otherwise it is read from the ledger.
   */
  async version(): Promise<string> {
    return this.#timer !== undefined && this.#seen !== undefined ? this.#seen : this.#look();
  }

  /**
   * A stream of server-sent events: the version at once, and each new one; `undefined` if there are too many streams.
   */
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

  /** A ledger that can't be read has a version too: it changes once it can be read. */
  async #look(): Promise<string> {
    const looking = this.#options.version().catch((error: unknown) => `unreadable ${String(error)}`);
    // A lost connection may never answer.
    const version = (await outlasts(looking, LONGEST_LOOK_MS)) ? "unreadable: no answer" : await looking;
    if (this.#timer !== undefined) this.#seen = version;
    return version;
  }
}

function eventOf(version: string): string {
  return `event: version\ndata: ${JSON.stringify({ version })}\n\n`;
}
