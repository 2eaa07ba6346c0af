import { anthropicTerms, anthropicTokens } from "../adapters/anthropic-usage";
import { amountOf, type Fields, objectOf, textOf } from "../adapters/read";
import { isAgentFile } from "./claude-code-files";
import { timeOf } from "./row-time";
import type { TranscriptFile, TranscriptReader } from "./transcript";
import type { Turn, TurnRequest } from "./turn";

/** How the ids of these executions begin. It must never change. */
export const CLAUDE_CODE_IDS = "claude-code/";

/** What is known of a request so far. */
interface Found {
  turn: Turn;
  request: TurnRequest;
  readonly requestId: string | undefined;
  isReplay: boolean;
}

/** User rows that are no prompts, because nobody typed them for the model. */
const NO_PROMPT = /^\s*<(?:local-command-|bash-std|task-notification)/;
const INTERRUPTION = "[Request interrupted by user";

/**
 * Reads the transcripts of a session of Claude Code, and of the sessions that began with a copy of it. Sub-agents'
 * transcripts have to come after the others, because their rows belong to turns of those.
 *
 * - A message is repeated while it streams; the row with the most output is the complete one. (ccusage #901, #938)
 * - A sub-agent may replay messages of its parent under new request ids. They are the same messages. (ccusage #913)
 * - A resumed or forked session begins with copies of rows, which keep their `uuid`.
 * - Older versions wrote the cost of a request, as `costUSD`.
 */
export class ClaudeCodeReader implements TranscriptReader {
  /** By `uuid` of a row. */
  readonly #turnOfRow = new Map<string, Turn>();
  readonly #turnOfPrompt = new Map<string, Turn>();
  /** The sessions that contain a turn, including those with a copy of it. */
  readonly #sessionsOf = new Map<Turn, Set<unknown>>();
  readonly #turns: Turn[] = [];
  /** By id of the message. */
  readonly #found = new Map<string, Found[]>();
  #path = "";
  #isAgent = false;
  #current: Turn | undefined;
  #lastMs = Number.NEGATIVE_INFINITY;
  #model: string | undefined;

  beginFile({ path }: Pick<TranscriptFile, "path">): void {
    this.#path = path;
    this.#isAgent = isAgentFile(path);
    this.#current = undefined;
    this.#lastMs = Number.NEGATIVE_INFINITY;
  }

  see(row: unknown, line: number): void {
    const fields = objectOf(row);
    const { type, isSidechain } = fields;
    const uuid = textOf(fields["uuid"]);
    const atMs = timeOf(fields["timestamp"]);
    if ((type !== "user" && type !== "assistant") || uuid === undefined || atMs === undefined) return;
    const isSide = isSidechain === true || this.#isAgent;
    const known = this.#turnOfRow.get(uuid);
    const turn = known ?? this.#turnFor(fields, uuid, atMs, isSide, line);
    if (turn === undefined) return;
    this.#current = turn;
    this.#lastMs = atMs;
    if (!isSide) this.#sessionsOf.get(turn)?.add(fields["sessionId"]);
    if (known !== undefined) return;
    this.#turnOfRow.set(uuid, turn);
    turn.timesMs.push(atMs);
    if (type === "assistant") this.#seeAnswer(fields, uuid, atMs, turn, isSide);
    else if (!isSide && promptOf(fields)?.startsWith(INTERRUPTION) === true) {
      turn.failures.push({ atMs, conclusion: "aborted" });
    }
  }

  endFile(growsFromMs = this.#lastMs): void {
    // A sub-agent that hasn't written a whole row yet may belong to any turn.
    const turns = this.#current ?? (this.#isAgent ? this.#turns : []);
    for (const turn of [turns].flat()) turn.openFromMs = Math.min(turn.openFromMs, growsFromMs);
  }

  turns(): Turn[] {
    for (const { turn, request } of [...this.#found.values()].flat()) turn.requests.push(request);
    this.#found.clear();
    return this.#turns;
  }

  #turnFor(row: Fields, uuid: string, atMs: number, isSide: boolean, line: number): Turn | undefined {
    if (this.#isAgent) {
      const ofPrompt = this.#turnOfPrompt.get(textOf(row["promptId"]) ?? "");
      const ofTime = () => this.#turnAt(atMs, row["sessionId"]);
      return ofPrompt ?? this.#current ?? ofTime() ?? this.#begin(row, uuid, line);
    }
    // A sub-agent that writes into the session's own file ends before the turn does.
    if (isSide) return this.#current;
    const isPrompt = row["type"] === "user" && isAsked(promptOf(row));
    if (!isPrompt && this.#current !== undefined) return this.#current;
    // An answer without a prompt before it, which may have been cut off, begins a turn too.
    return isPrompt || row["type"] === "assistant" ? this.#begin(row, uuid, line) : undefined;
  }

  /** The turn that was running at this time, in the given session if possible. */
  #turnAt(atMs: number, sessionId: unknown): Turn | undefined {
    const earlier = this.#turns.filter(({ timesMs: [startMs = atMs + 1] }) => startMs <= atMs);
    const own = earlier.filter((turn) => this.#sessionsOf.get(turn)?.has(sessionId) === true);
    const startOf = ({ timesMs: [startMs = 0] }: Turn) => startMs;
    return (own.length > 0 ? own : earlier).toSorted((a, b) => startOf(a) - startOf(b)).at(-1);
  }

  #begin(row: Fields, uuid: string, line: number): Turn {
    const turn: Turn = {
      id: `${CLAUDE_CODE_IDS}${uuid}`,
      sessionId: textOf(row["sessionId"]),
      cwd: textOf(row["cwd"]),
      branch: textOf(row["gitBranch"]),
      model: this.#model,
      name: this.#path,
      line,
      timesMs: [],
      requests: [],
      failures: [],
      openFromMs: Number.POSITIVE_INFINITY,
    };
    this.#turns.push(turn);
    this.#sessionsOf.set(turn, new Set());
    const promptId = textOf(row["promptId"]);
    // A prompt may have several rows. The first one counts, because it is there from the start.
    if (promptId !== undefined && !this.#turnOfPrompt.has(promptId)) this.#turnOfPrompt.set(promptId, turn);
    return turn;
  }

  #seeAnswer(row: Fields, uuid: string, atMs: number, turn: Turn, isSide: boolean): void {
    const message = objectOf(row["message"]);
    if (row["isApiErrorMessage"] === true) {
      if (!isSide) turn.failures.push({ atMs, conclusion: "error" });
      return;
    }
    const id = textOf(message["id"]) ?? uuid;
    const request = requestOf(message, id, atMs, amountOf(row["costUSD"]));
    if (request === undefined) return;
    if (!isSide) this.#model = request.model;
    const requestId = textOf(row["requestId"]);
    const candidates = this.#found.get(id) ?? [];
    const same = candidates.find(
      (found) =>
        found.isReplay || isSide || (found.requestId ?? requestId) === (requestId ?? found.requestId),
    );
    if (same === undefined) {
      this.#found.set(id, [...candidates, { turn, request, requestId, isReplay: isSide }]);
    } else if (same.isReplay && !isSide) {
      Object.assign(same, { turn, request, isReplay: false });
    } else if (same.isReplay === isSide && (request.outputTokens ?? 0) >= (same.request.outputTokens ?? 0)) {
      same.request = { ...request, atMs: same.request.atMs };
    }
  }
}

/** The text of a user row; `undefined` for a tool's result, or a row that Claude Code itself inserted. */
function promptOf({ isMeta, isCompactSummary, message }: Fields): string | undefined {
  if (isMeta === true || isCompactSummary === true) return undefined;
  const { content } = objectOf(message);
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return undefined;
  const blocks = content.map(objectOf);
  if (blocks.some(({ type }) => type === "tool_result")) return undefined;
  return textOf(blocks.find(({ type }) => type === "text")?.["text"]) ?? "";
}

function isAsked(prompt: string | undefined): boolean {
  return prompt !== undefined && !prompt.startsWith(INTERRUPTION) && !NO_PROMPT.test(prompt);
}

/** What an answer used; `undefined` if no model gave it, as with `<synthetic>`. */
function requestOf(message: Fields, id: string, atMs: number, costUsd: number | undefined) {
  const model = textOf(message["model"]);
  if (model === undefined || model.startsWith("<") || message["usage"] == null) return undefined;
  const usage = objectOf(message["usage"]);
  return {
    model,
    provider: providerOf(id),
    ...anthropicTokens(usage),
    ...anthropicTerms(usage),
    costUsd,
    atMs,
  } satisfies TurnRequest;
}

/** Amazon and Google put a prefix of their own on the ids of messages that they serve. */
function providerOf(messageId: string): string | undefined {
  if (messageId.startsWith("msg_bdrk_")) return "aws";
  return messageId.startsWith("msg_vrtx_") ? "google" : undefined;
}
