import { countOf, type Fields, objectOf, textOf } from "../adapters/read";
import { timeOf } from "./row-time";

/** Copies are written all at once, while the first request of a thread takes at least this long. */
const SHORTEST_REQUEST_MS = 1_000;
const UUID_V7 = /^([0-9a-f]{8})-([0-9a-f]{4})-7[0-9a-f]{3}-/i;

/**
 * Tells which rows of a thread were copied from another thread, as they are in a fork, or in a sub-agent that starts
 * with its parent's history. Newer versions of Codex name the thread's first own row. Older ones give copies the time
 * of the copy, or keep their times. But copies keep their turn ids, which contain a time (UUIDv7), and so show which
 * turns are older than the thread.
 */
export class CopiedHistory {
  readonly #hasCopies: boolean;
  readonly #startMs: number;
  readonly #ownFrom: number | undefined;
  #isOver = false;
  #hasTurnIds = false;
  #lastMs: number;

  /** @param meta The payload of the thread's `session_meta`. */
  constructor(meta: Fields, atMs: number) {
    const { forked_from_id, parent_thread_id, source, subagent_history_start_ordinal, history_base } = meta;
    this.#hasCopies =
      textOf(forked_from_id) !== undefined ||
      textOf(parent_thread_id) !== undefined ||
      objectOf(source)["subagent"] !== undefined;
    this.#startMs = timeOfId(meta["id"]) ?? timeOf(meta["timestamp"]) ?? atMs;
    this.#ownFrom =
      countOf(subagent_history_start_ordinal) ?? countOf(objectOf(history_base)["end_ordinal_exclusive"]);
    this.#lastMs = atMs;
  }

  /** Whether the next row is a copy. */
  has(payload: Fields, atMs: number, ordinal: number | undefined): boolean {
    if (!this.#hasCopies || this.#isOver) return false;
    this.#isOver = this.#isOwn(payload, atMs, ordinal);
    return !this.#isOver;
  }

  #isOwn({ turn_id }: Fields, atMs: number, ordinal: number | undefined): boolean {
    if (this.#ownFrom !== undefined && ordinal !== undefined) return ordinal >= this.#ownFrom;
    const turnMs = timeOfId(turn_id);
    if (turnMs !== undefined) {
      this.#hasTurnIds = true;
      return turnMs >= this.#startMs;
    }
    const hasPaused =
      atMs >= this.#startMs && atMs - Math.max(this.#lastMs, this.#startMs) >= SHORTEST_REQUEST_MS;
    this.#lastMs = atMs;
    return hasPaused && !this.#hasTurnIds;
  }
}

/** The time in a UUIDv7, in epoch milliseconds. */
function timeOfId(id: unknown): number | undefined {
  const [, high, low] = UUID_V7.exec(textOf(id) ?? "") ?? [];
  return high === undefined ? undefined : Number.parseInt(`${high}${low}`, 16);
}
