import { createHash } from "node:crypto";
import { outlasts } from "../deadline";
import { formatJsonLine } from "../report/format/json";
import type { ApplicationState } from "../running-plugins";

/** How long to wait for the application's answer before it is reported as busy, in milliseconds. */
const ANSWER_WITHIN_MS = 1_000;
/** For how long an answer is shared, in milliseconds: the host is asked no more often than that. */
const SHARED_MS = 1_000;

/** The paths whose answers include the state of the application. */
const PLACES: Readonly<Record<string, (answer: object, state: ApplicationState | null) => object>> = {
  "/api/health": (answer, application) => ({ ...answer, application }),
  "/api/budgets": withReserved,
};

/** Asks the host's thread for the state of its plugins: only when somebody looks, and one question at a time. */
export class ApplicationLink {
  readonly #ask: () => void;
  #answer: PromiseWithResolvers<ApplicationState | null> | undefined;
  #latest: ApplicationState | null = null;
  #answeredAtMs = Number.NEGATIVE_INFINITY;

  /** @param ask Sends the question; the answer arrives through {@link take}. */
  constructor(ask: () => void) {
    this.#ask = ask;
  }

  /** Takes the host thread's answer. */
  take(state: ApplicationState | null): void {
    this.#latest = state;
    this.#answeredAtMs = performance.now();
    this.#answer?.resolve(state);
    this.#answer = undefined;
  }

  /** `null`: the host's thread is busy, and didn't answer in time. */
  async state(): Promise<ApplicationState | null> {
    if (performance.now() - this.#answeredAtMs < SHARED_MS) return this.#latest;
    const isAsked = this.#answer !== undefined;
    this.#answer ??= Promise.withResolvers();
    const { promise } = this.#answer;
    if (!isAsked) this.#ask();
    return (await outlasts(promise, ANSWER_WITHIN_MS)) ? null : promise;
  }

  isIn(path: string): boolean {
    return Object.hasOwn(PLACES, path);
  }

  /** Adds the state to an answer, and makes a new tag: the state changes without the ledger. */
  async addTo(path: string, text: string): Promise<{ readonly text: string; readonly etag: string }> {
    const add = PLACES[path] ?? ((answer) => answer);
    const whole = formatJsonLine(add(JSON.parse(text), await this.state()));
    const hash = createHash("sha256").update(whole).digest("base64url").slice(0, 22);
    return { text: whole, etag: `W/"${hash}"` };
  }
}

/** Adds how much the application has reserved, to the budgets for which it has. */
function withReserved(answer: object, state: ApplicationState | null): object {
  const { budgets } = answer as { readonly budgets: readonly { budget: string; value: string | null }[] };
  const amounts = new Map<string, number>();
  const keyOf = (budget: string, value: string | null) => JSON.stringify([budget, value]);
  for (const { budget, value, reservedUsd } of state?.reserved ?? []) {
    const key = keyOf(budget, value);
    amounts.set(key, (amounts.get(key) ?? 0) + reservedUsd);
  }
  return {
    ...answer,
    budgets: budgets.map((entry) => {
      const reservedUsd = amounts.get(keyOf(entry.budget, entry.value));
      return reservedUsd === undefined ? entry : { ...entry, reservedUsd };
    }),
  };
}
