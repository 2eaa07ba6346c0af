import { createHash } from "node:crypto";
import type { Answer, Question } from "./questions";

/** Where answers come from. */
export interface AnswersOptions {
  readonly ask: (question: Question, signal: AbortSignal) => Promise<Answer>;
  readonly version: () => Promise<string>;
  /** Epoch milliseconds. Default: the clock. */
  readonly now?: () => number;
}

/** An answer, ready to be sent. */
export interface TaggedAnswer extends Answer {
  readonly etag: string;
  /** The text, compressed with gzip on first use. */
  readonly gzipped: () => Uint8Array<ArrayBuffer>;
}

/** How many answers are kept for identical questions. */
const MOST_KEPT = 64;
/** How long an answer is kept although nothing was recorded: periods such as the last 24 hours move on. */
const KEPT_MS = 60_000;

/** In UTF-16 code units. */
const LARGEST_KEPT = 200_000;

interface Kept {
  readonly etag: string;
  readonly answer: Promise<TaggedAnswer>;
  readonly abort: AbortController;
  viewers: number;
}

/** Answers each question once, however many ask it, until the ledger changes. */
export class Answers {
  readonly #options: AnswersOptions;
  readonly #kept = new Map<string, Kept>();

  constructor(options: AnswersOptions) {
    this.#options = options;
  }

  /** Changes with the ledger, the question, and the minute. */
  async etagOf({ path, search }: Question): Promise<string> {
    const { version, now = Date.now } = this.#options;
    const parts = [await version(), Math.floor(now() / KEPT_MS), path, search];
    return `W/"${createHash("sha256").update(JSON.stringify(parts)).digest("base64url").slice(0, 22)}"`;
  }

  /** @param signal Aborted when nobody waits for the answer any more. */
  async answer(question: Question, etag: string, signal: AbortSignal): Promise<TaggedAnswer> {
    const key = `${question.path}?${question.search}`;
    const known = this.#kept.get(key);
    const kept = known?.etag === etag ? known : this.#ask(key, question, etag);
    kept.viewers += 1;
    const leave = () => {
      kept.viewers -= 1;
      if (kept.viewers > 0) return;
      kept.abort.abort();
      if (this.#kept.get(key) === kept) this.#kept.delete(key);
    };
    signal.addEventListener("abort", leave);
    try {
      return await kept.answer;
    } finally {
      signal.removeEventListener("abort", leave);
    }
  }

  #ask(key: string, question: Question, etag: string): Kept {
    const abort = new AbortController();
    const answer = this.#options.ask(question, abort.signal).then((found): TaggedAnswer => {
      let compressed: Uint8Array<ArrayBuffer> | undefined;
      const gzipped = () => {
        compressed ??= Bun.gzipSync(found.text);
        return compressed;
      };
      return { ...found, etag, gzipped };
    });
    const kept: Kept = { etag, answer, abort, viewers: 0 };
    this.#kept.delete(key);
    this.#kept.set(key, kept);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > MOST_KEPT && oldest !== undefined) this.#kept.delete(oldest);
    const forget = () => {
      if (this.#kept.get(key) === kept) this.#kept.delete(key);
    };
    // Not kept: errors, so that the next request tries again, and large answers, such as files.
    answer.then(({ text }) => text.length > LARGEST_KEPT && forget(), forget);
    return kept;
  }
}
