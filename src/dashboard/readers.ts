import { ApiError } from "./api-error";
import type { Answer, Question } from "./questions";

/** A thread that answers one question at a time. */
export interface Reader {
  ask(question: Question): Promise<Answer>;
  /** Resolves when it has closed its ledger; at once if it is busy. */
  close(): Promise<void>;
  /** Ends it; a query that SQLite is running continues until it is done. */
  end(): void;
}

/** How questions are answered. */
export interface ReadersOptions {
  readonly start: () => Reader;
  readonly isSlow: (question: Question) => boolean;
  /** How long an answer may take, in milliseconds. Default 5000. */
  readonly deadlineMs?: number;
}

/** By default, how long an answer may take. */
export const DEADLINE_MS = 5_000;
/** When this many questions are waiting, further ones are refused. */
const MOST_WAITING = 100;
/** How many abandoned questions may still be running. */
const MOST_ABANDONED = 2;

interface Waiting {
  readonly question: Question;
  readonly isSlow: boolean;
  readonly signal: AbortSignal | undefined;
  readonly answer: PromiseWithResolvers<Answer>;
}

interface Lane {
  readonly takesSlow: boolean;
  reader: Reader | undefined;
  isBusy: boolean;
}

/**
 * Two threads that read. One of them never takes slow questions, so that the others are answered meanwhile. SQLite
 * can't be interrupted from the thread that it works in, so a question that takes too long gets an error, and a new
 * thread replaces the one that is still busy.
 */
export class Readers {
  readonly #options: ReadersOptions;
  readonly #lanes: readonly Lane[] = [false, true].map((takesSlow) => ({
    takesSlow,
    reader: undefined,
    isBusy: false,
  }));
  #waiting: Waiting[] = [];
  #abandoned = 0;

  constructor(options: ReadersOptions) {
    this.#options = options;
  }

  /**
   * @param signal If it is aborted before its turn, the question isn't asked.
   * @throws {ApiError} `TOO_SLOW`, `BUSY`; and what the reader throws.
   */
  ask(question: Question, signal?: AbortSignal): Promise<Answer> {
    if (this.#waiting.length >= MOST_WAITING) {
      return Promise.reject(new ApiError("BUSY", "Too many questions are waiting.", { hint: "Try again." }));
    }
    const isSlow = this.#options.isSlow(question);
    // A question that was considered fast may turn out to be slow.
    const most = isSlow ? MOST_ABANDONED : 2 * MOST_ABANDONED;
    if (this.#abandoned >= most) return Promise.reject(stillAtIt());
    const answer = Promise.withResolvers<Answer>();
    this.#waiting.push({ question, isSlow, signal, answer });
    this.#next();
    return answer.promise;
  }

  /** Starts the threads ahead of the first question. */
  warm(): void {
    for (const lane of this.#lanes) lane.reader ??= this.#options.start();
  }

  async close(): Promise<void> {
    await Promise.all(this.#lanes.map(({ reader }) => reader?.close()));
    for (const { reader } of this.#lanes) reader?.end();
  }

  #next(): void {
    for (const lane of this.#lanes) {
      if (lane.isBusy) continue;
      const turn = this.#takeFor(lane);
      if (turn !== undefined) void this.#answer(lane, turn);
    }
  }

  #takeFor({ takesSlow }: Lane): Waiting | undefined {
    this.#refuse(
      ({ signal }) => signal?.aborted === true,
      new ApiError("BUSY", "Nobody waits for it any more."),
    );
    // Slow questions first in the thread that takes them: no other thread does.
    const turn =
      this.#waiting.find(({ isSlow }) => isSlow === takesSlow) ?? this.#waiting.find(({ isSlow }) => !isSlow);
    this.#waiting = this.#waiting.filter((other) => other !== turn);
    return turn;
  }

  async #answer(lane: Lane, { question, answer }: Waiting): Promise<void> {
    lane.isBusy = true;
    lane.reader ??= this.#options.start();
    const { reader } = lane;
    const work = reader.ask(question);
    const { deadlineMs = DEADLINE_MS } = this.#options;
    const deadline = setTimeout(() => {
      answer.reject(
        new ApiError("TOO_SLOW", `This took more than ${deadlineMs / 1_000} s, and was cut off.`, {
          hint: "Ask for a shorter period, or for fewer names.",
        }),
      );
      this.#abandon(lane, reader, work);
    }, deadlineMs);
    work.then(answer.resolve, answer.reject).finally(() => {
      clearTimeout(deadline);
      if (lane.reader !== reader) return;
      lane.isBusy = false;
      this.#next();
    });
  }

  #abandon(lane: Lane, reader: Reader, work: Promise<unknown>): void {
    this.#abandoned += 1;
    const end = () => {
      this.#abandoned -= 1;
      this.#next();
    };
    work.then(end, end);
    reader.end();
    lane.reader = undefined;
    lane.isBusy = false;
    if (this.#abandoned >= MOST_ABANDONED) this.#refuse(({ isSlow }) => isSlow, stillAtIt());
    if (this.#abandoned >= 2 * MOST_ABANDONED) this.#refuse(() => true, stillAtIt());
    this.#next();
  }

  #refuse(isMeant: (waiting: Waiting) => boolean, reason: unknown): void {
    for (const { answer } of this.#waiting.filter(isMeant)) answer.reject(reason);
    this.#waiting = this.#waiting.filter((waiting) => !isMeant(waiting));
  }
}

function stillAtIt(): ApiError {
  return new ApiError("BUSY", "What took too long before is still being worked on.", {
    hint: "Try again later.",
  });
}
