import { type InclusiveUsage, tokenFields, usageBeyond } from "../adapters/inclusive-usage";
import { countOf, type Fields, objectOf, serviceTierOf, textOf } from "../adapters/read";
import { CopiedHistory } from "./codex-history";
import { timeOf } from "./row-time";
import type { TranscriptFile, TranscriptReader } from "./transcript";
import { type Turn, UNKNOWN_MODEL } from "./turn";

/** How the ids of these executions begin. It must never change. */
export const CODEX_IDS = "codex/";

const STARTS: ReadonlySet<unknown> = new Set(["task_started", "turn_started"]);
const ENDS: ReadonlySet<unknown> = new Set(["task_complete", "turn_complete", "turn_aborted"]);
const IS_UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * Reads the transcripts of a Codex thread, which Codex calls rollouts.
 *
 * - `token_count` has the thread's running total, and repeats it when nothing was used. An increase is a request. If
 *   the total before it is unknown, as in a file that continues an earlier one, its `last_token_usage` is the request.
 *   (ccusage #313, #389)
 * - `token_usage_record`, in newer versions, is one request.
 * - A fork or a sub-agent begins with a copy of the other thread's rows. They are read there. (ccusage #897, #950)
 *
 * @see https://github.com/openai/codex/blob/main/codex-rs/protocol/src/protocol.rs
 */
export class CodexReader implements TranscriptReader {
  readonly #turns = new Map<string, Turn>();
  readonly #requestKeys = new Set<string>();
  #path = "";
  #meta: Fields = {};
  #history: CopiedHistory | undefined;
  #context: Fields = {};
  #total: InclusiveUsage | undefined;
  #hasRequestRows = false;
  #isInTask = false;
  #current: Turn | undefined;
  #lastMs = Number.NEGATIVE_INFINITY;
  /**
   * The latest turn start among copied rows: the thread's first own turn may begin before the copy is known to be over.
   */
  #start: TurnStart | undefined;

  beginFile({ path }: Pick<TranscriptFile, "path">): void {
    this.#path = path;
    this.#meta = {};
    this.#history = undefined;
    this.#context = {};
    this.#total = undefined;
    this.#hasRequestRows = false;
    this.#isInTask = false;
    this.#current = undefined;
    this.#lastMs = Number.NEGATIVE_INFINITY;
    this.#start = undefined;
  }

  see(row: unknown, line: number): void {
    const { type, timestamp, payload: value, ordinal } = objectOf(row);
    const payload = objectOf(value);
    const atMs = timeOf(timestamp);
    if (atMs === undefined) return;
    if (type === "session_meta") {
      // Any after the first is a copy.
      if (this.#history === undefined) this.#meta = payload;
      this.#history ??= new CopiedHistory(payload, atMs);
      return;
    }
    if (type === "turn_context") this.#context = payload;
    if (payload["type"] === "thread_settings_applied") {
      this.#context = { ...this.#context, ...objectOf(payload["thread_settings"]) };
    }
    const isCopy = this.#history?.has(payload, atMs, countOf(ordinal)) ?? false;
    const start = this.#startIn(type, payload, atMs, line);
    if (isCopy) {
      this.#start = start ?? this.#start;
      this.#total = totalOf(objectOf(payload["info"])) ?? this.#total;
      return;
    }
    if (start !== undefined) this.#current = this.#turnOf(start);
    this.#count(type, payload, atMs, line);
    this.#current?.timesMs.push(atMs);
    this.#lastMs = atMs;
  }

  endFile(growsFromMs = this.#lastMs): void {
    const turn = this.#current;
    if (turn !== undefined) turn.openFromMs = Math.min(turn.openFromMs, growsFromMs);
  }

  turns(): Turn[] {
    return [...this.#turns.values()];
  }

  /** The turn that a row starts, if any. A user message within a task only steers it. */
  #startIn(rowType: unknown, { type, turn_id }: Fields, atMs: number, line: number): TurnStart | undefined {
    const turnId = textOf(turn_id);
    const isOfEvent = rowType === "event_msg";
    if (isOfEvent && ENDS.has(type)) this.#isInTask = false;
    const begins = isOfEvent && (STARTS.has(type) || (type === "user_message" && !this.#isInTask));
    if (isOfEvent && STARTS.has(type)) this.#isInTask = true;
    const names = rowType === "turn_context" && turnId !== undefined && IS_UUID.test(turnId);
    return begins || names ? { turnId, atMs, line } : undefined;
  }

  #turnOf({ turnId = "", atMs, line }: TurnStart): Turn {
    const threadId = textOf(this.#meta["id"]);
    // In older versions the id is only a count of the turns in a process.
    const name = IS_UUID.test(turnId) ? turnId : `${threadId ?? this.#path}/${new Date(atMs).toISOString()}`;
    const known = this.#turns.get(name);
    if (known !== undefined) return known;
    const git = objectOf(this.#meta["git"]);
    const turn: Turn = {
      id: `${CODEX_IDS}${name}`,
      sessionId: threadId,
      cwd: textOf(this.#context["cwd"]) ?? textOf(this.#meta["cwd"]),
      branch: textOf(git["branch"]),
      remoteUrl: textOf(git["repository_url"]),
      model: textOf(this.#context["model"]),
      name: this.#path,
      line,
      timesMs: [],
      requests: [],
      failures: [],
      openFromMs: Number.POSITIVE_INFINITY,
    };
    this.#turns.set(name, turn);
    return turn;
  }

  #count(rowType: unknown, payload: Fields, atMs: number, line: number): void {
    const { type, thread_id, response_id } = payload;
    if (rowType === "token_usage_record" && (thread_id === undefined || thread_id === this.#meta["id"])) {
      this.#hasRequestRows = true;
      this.#add(usageOf(payload["usage"]), textOf(response_id), atMs, line);
    } else if (rowType === "event_msg" && type === "token_count" && !this.#hasRequestRows) {
      const info = objectOf(payload["info"]);
      const total = totalOf(info);
      if (total === undefined) return;
      const used = usedSince(total, this.#total, usageOf(info["last_token_usage"]));
      this.#total = total;
      this.#add(used, undefined, atMs, line, total);
    } else if (rowType === "event_msg" && (type === "turn_aborted" || type === "error")) {
      const conclusion = type === "error" ? "error" : "aborted";
      this.#current?.failures.push({ atMs, conclusion });
    }
  }

  #add(
    used: InclusiveUsage | undefined,
    responseId: string | undefined,
    atMs: number,
    line: number,
    total = used,
  ) {
    if (used === undefined || ((used.input ?? 0) === 0 && (used.output ?? 0) === 0)) return;
    this.#current ??= this.#turnOf(this.#start ?? { turnId: undefined, atMs, line });
    const key = JSON.stringify(responseId ?? [this.#current.id, total]);
    if (this.#requestKeys.has(key)) return;
    this.#requestKeys.add(key);
    const { model, service_tier } = this.#context;
    this.#current.requests.push({
      model: textOf(model) ?? UNKNOWN_MODEL,
      provider: textOf(this.#meta["model_provider"]),
      ...tokenFields(used),
      serviceTier: serviceTierOf(service_tier),
      atMs,
    });
  }
}

/** Where a turn begins. */
interface TurnStart {
  readonly turnId: string | undefined;
  readonly atMs: number;
  readonly line: number;
}

function totalOf(info: Fields): InclusiveUsage | undefined {
  return usageOf(info["total_token_usage"]);
}

function usageOf(value: unknown): InclusiveUsage | undefined {
  if (value == null) return undefined;
  const usage = objectOf(value);
  return {
    input: countOf(usage["input_tokens"]),
    read: countOf(usage["cached_input_tokens"]),
    written: countOf(usage["cache_write_input_tokens"]),
    output: countOf(usage["output_tokens"]),
  };
}

/** The increase since the total before; if that is unknown, or the total was reset, the usage of the latest request. */
function usedSince(
  total: InclusiveUsage,
  before: InclusiveUsage | undefined,
  latest: InclusiveUsage | undefined,
): InclusiveUsage {
  const used = before === undefined ? undefined : usageBeyond(total, before);
  const isBeyond =
    used !== undefined && Object.values(used).every((count) => count === undefined || count >= 0);
  return isBeyond ? used : (latest ?? total);
}
