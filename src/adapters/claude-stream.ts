import type { TelemetryRecord } from "../record/types";
import { anthropicTerms, anthropicTokens } from "./anthropic-usage";
import { type ModelRequest, usageFields } from "./by-model";
import { type ClaudeResult, fromClaudeResult, isClaudeResult, sessionOf } from "./claude-result";
import type { RunContext } from "./context";
import { objectOf } from "./read";

/** The part of an application that is needed to record. */
export interface RecordingApp {
  readonly emitter: { emit(type: "execution:completed", event: TelemetryRecord): void };
}

/** What {@link recordClaude} can't see in the messages. */
export interface RecordClaudeOptions {
  /**
   * The last result of the session that this query resumes or forks, where it was recorded by another process, or under
   * another id. Results of this process are remembered by their session, the latest 10,000 of them.
   */
  readonly previous?: ClaudeResult | undefined;
}

/** Since this version the first result of a resumed session has what it used before in it. (claude-agent-sdk 0.3.277) */
const RESUMES_TOTALS = [2, 1, 277] as const;
const MOST_SESSIONS = 10_000;
const lastResults = new Map<string, ClaudeResult>();

/**
 * Passes the messages of the Claude Agent SDK's `query()` on, unchanged, and emits `execution:completed` for each
 * result among them: with what that result used, though the SDK says what the query, or the resumed session, used so
 * far. A stream that ends, fails or is left without a result is recorded with the conclusion `error`, and with the
 * tokens that its messages tell.
 *
 * @example
 * ```ts
 * for await (const message of recordClaude(query({ prompt }), app, { repo, eventType })) show(message);
 * ```
 */
export async function* recordClaude<Message>(
  messages: AsyncIterable<Message>,
  app: RecordingApp,
  context: RunContext,
  options: RecordClaudeOptions = {},
): AsyncGenerator<Message, void> {
  const run = new ClaudeRun(context, options);
  const emit = (record: TelemetryRecord | undefined) => {
    if (record !== undefined) app.emitter.emit("execution:completed", record);
  };
  try {
    for await (const message of messages) {
      emit(run.see(message));
      yield message;
    }
  } finally {
    emit(run.end());
  }
}

/** Turns the messages of a query, one after the other, into records. */
export class ClaudeRun {
  readonly #context: RunContext;
  readonly #startMs = performance.now();
  #previous: ClaudeResult | undefined;
  #sessionId: string | undefined;
  #hasBegun = false;
  /** Whether its beginning was seen: all results up to the next are of one query, whatever their session is called. */
  #isQuery = false;
  /** Since the last result, by the id of the message: the fullest of each, as messages are repeated while they grow. */
  #usages = new Map<string, ModelRequest>();
  #isPending = false;

  constructor(context: RunContext, { previous }: RecordClaudeOptions = {}) {
    this.#context = context;
    this.#previous = previous;
  }

  /** Takes the next message; returns the record of a result. */
  see(message: unknown): TelemetryRecord | undefined {
    const fields = objectOf(message);
    const { type, subtype } = fields;
    if (isClaudeResult(message)) return this.#recordOf(message);
    if (type === "system" && subtype === "init") {
      this.#isQuery = true;
      this.#begin(fields);
    } else if (type === "assistant") this.#note(objectOf(fields["message"]));
    return undefined;
  }

  /** The record of what came after the last result; `undefined` when nothing did. */
  end(): TelemetryRecord | undefined {
    if (!this.#isPending) return undefined;
    return {
      ...usageFields([...this.#usages.values()], this.#context),
      conclusion: "error",
      durationMs: performance.now() - this.#startMs,
      sessionId: this.#sessionId,
    };
  }

  #begin({ session_id, claude_code_version }: Readonly<Record<string, unknown>>): void {
    this.#isPending = true;
    const sessionId = sessionOf({ session_id });
    // A cleared session goes on under another id, and begins with nothing.
    if (this.#hasBegun && (sessionId === undefined || this.#sessionId !== sessionId))
      this.#previous = undefined;
    this.#hasBegun = true;
    this.#sessionId = sessionId;
    if (sessionId !== undefined && resumesTotals(claude_code_version))
      this.#previous ??= lastResults.get(sessionId);
  }

  #note({ id, model, usage }: Readonly<Record<string, unknown>>): void {
    this.#isPending = true;
    // What the SDK itself puts in, such as the text of an error, used nothing.
    if (typeof id !== "string" || typeof model !== "string" || model.startsWith("<")) return;
    const used = objectOf(usage);
    const request = { model, ...anthropicTokens(used), ...anthropicTerms(used) };
    const known = this.#usages.get(id);
    if ((known?.outputTokens ?? -1) <= (request.outputTokens ?? 0)) this.#usages.set(id, request);
  }

  #recordOf(result: ClaudeResult): TelemetryRecord {
    // A log of results alone has no beginnings of sessions.
    const sessionId = sessionOf(result);
    const isAnother = sessionId !== this.#sessionId || (sessionId === undefined && !this.#isQuery);
    if (!this.#hasBegun || isAnother) this.#begin({ session_id: result.session_id });
    const record = fromClaudeResult(result, this.#context, { previous: this.#previous });
    this.#previous = result;
    this.#usages = new Map();
    this.#isPending = false;
    if (this.#sessionId !== undefined) remember(this.#sessionId, result);
    return record;
  }
}

function remember(sessionId: string, result: ClaudeResult): void {
  lastResults.delete(sessionId);
  lastResults.set(sessionId, result);
  const [oldest] = lastResults.keys();
  if (lastResults.size > MOST_SESSIONS && oldest !== undefined) lastResults.delete(oldest);
}

function resumesTotals(version: unknown): boolean {
  const parts = typeof version === "string" ? version.split(".").map(Number) : [];
  for (const [place, since] of RESUMES_TOTALS.entries()) {
    const part = parts[place] ?? Number.NaN;
    if (part !== since) return part > since;
  }
  return true;
}
