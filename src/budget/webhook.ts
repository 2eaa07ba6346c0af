import { outlasts } from "../deadline";
import { messageOf } from "../describe";
import type { AlertStore, OwnAlert } from "./alert-store";
import type { ParsedWebhook } from "./options";

const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 300_000;

/** What a webhook reports. */
export interface WebhookEvents {
  readonly onDelivered: () => void;
  /** Called once when it begins to fail. */
  readonly onFailing: (reason: string) => void;
}

/**
 * Posts alerts to a URL, one after another, each until it is accepted: at least once. The store is the queue: alerts
 * that are not accepted when the process ends are posted by the next one.
 */
export class Webhook {
  readonly #options: ParsedWebhook;
  readonly #store: AlertStore;
  readonly #events: WebhookEvents;
  readonly #attempts = new Map<string, number>();
  readonly #closing = new AbortController();
  #running: Promise<void> | undefined;
  #failuresInARow = 0;
  /** Ends the wait before the next attempt. */
  #wake = () => {};
  #isLastTry = false;

  constructor(options: ParsedWebhook, store: AlertStore, events: WebhookEvents) {
    this.#options = options;
    this.#store = store;
    this.#events = events;
  }

  /** Begins to post waiting alerts, unless it is already posting. */
  start(): void {
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
  }

  /** Posts waiting alerts while there is time; those that were refused before are tried once more. */
  async close(timeoutMs: number): Promise<void> {
    this.#isLastTry = true;
    this.#attempts.clear();
    this.#wake();
    this.start();
    await outlasts(this.#running ?? Promise.resolve(), timeoutMs);
    this.#closing.abort();
    this.#wake();
    await this.#running?.catch(() => {});
  }

  async #run(): Promise<void> {
    while (!this.#closing.signal.aborted) {
      const next = this.#next();
      if (next === undefined) return;
      const { id } = next.alert;
      const tries = this.#attempts.get(id) ?? 0;
      // At the end each is tried once, without waiting for a receiver that is down.
      if (this.#isLastTry && tries > 0) return;
      const failure = (await this.#post(next)) ?? this.#note(id);
      if (failure === undefined) {
        this.#attempts.delete(id);
        this.#failuresInARow = 0;
        this.#events.onDelivered();
      } else {
        this.#attempts.set(id, tries + 1);
        this.#failuresInARow += 1;
        if (this.#failuresInARow === 1) this.#events.onFailing(failure);
        if (!this.#isLastTry) await this.#pause();
      }
    }
  }

  /** Returns none if the store can't be read: the next reading starts again. */
  #next(): OwnAlert | undefined {
    try {
      return this.#store.nextUnposted(this.#attempts);
    } catch {
      return undefined;
    }
  }

  /** Notes that an alert was accepted; returns the error if that failed. */
  #note(id: string): string | undefined {
    try {
      this.#store.notePosted(id);
      return undefined;
    } catch (error) {
      return `it can't be noted that it did: ${messageOf(error)}`;
    }
  }

  /** Returns why it was not accepted; `undefined` if it was. */
  async #post({ type, alert }: OwnAlert): Promise<string | undefined> {
    const { url, secret, timeoutMs } = this.#options;
    const body = JSON.stringify({ schema: "runledger.budget-alert/1", type, ...alert });
    try {
      const response = await fetch(url, {
        method: "POST",
        body,
        headers: {
          "Content-Type": "application/json",
          "X-Runledger-Delivery": alert.id,
          ...(secret !== undefined && { "X-Runledger-Signature": signatureOf(body, secret) }),
        },
        // A redirect's target was not chosen to receive this.
        redirect: "manual",
        signal: AbortSignal.any([AbortSignal.timeout(timeoutMs), this.#closing.signal]),
      });
      await response.body?.cancel();
      return response.ok ? undefined : `it answered ${response.status}`;
    } catch (error) {
      // The message may contain the URL, which may be a secret.
      return messageOf(error).replaceAll(url, "the URL");
    }
  }

  async #pause(): Promise<void> {
    const longest = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(this.#failuresInARow - 1, 16));
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    const timer = setTimeout(resolve, longest * (0.5 + Math.random() / 2));
    await promise;
    clearTimeout(timer);
  }
}

/** Signs like GitHub's webhook deliveries. */
export function signatureOf(body: string, secret: string): string {
  return `sha256=${new Bun.CryptoHasher("sha256", secret).update(body).digest("hex")}`;
}
