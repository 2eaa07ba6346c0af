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
   * The last result of the session that this query resumes or forks, if it was recorded by another process, or under
   * another id. This process remembers the last result of each of the latest 10,000 sessions.
   */
  readonly previous?: ClaudeResult | undefined;
}

/** Since this version, results of a resumed session include what it used before. (claude-agent-sdk 0.3.277) */
const RESUMES_TOTALS = [2, 1, 277] as const;
const MOST_SESSIONS = 10_000;
const lastResults = new Map<string, ClaudeResult>();

/**
 * Passes the messages of the Claude Agent SDK's `query()` on, unchanged, and emits `execution:completed` for each
 * result among them. The SDK reports running totals of the query, or of the resumed session; each record has only the
 * increase. A stream that ends, fails or is abandoned without a result is recorded with the conclusion `error`, and
 * with the tokens found in its messages.
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

/** Turns the messages of a query into records, one message at a time. */
export class ClaudeRun {
  readonly #context: RunContext;
  readonly #startMs = performance.now();
  #previous: ClaudeResult | undefined;
  #sessionId: string | undefined;
  #hasBegun = false;
  /** Whether the start of a query was seen. Then all results until the next start are of that query, in any session. */
  #isQuery = false;
  /** Usage since the last result, by message id. Messages are repeated while they grow, so the fullest one is kept. */
  #usages = new Map<string, ModelRequest>();
  #isPending = false;

  constructor(context: RunContext, { previous }: RecordClaudeOptions = {}) {
    this.#context = context;
    this.#previous = previous;
  }

  /** Takes the next message; returns a record if it is a result. */
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

  /** The record of what came after the last result; `undefined` if nothing did. */
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
    // A cleared session continues under another id, and its totals start from zero.
    if (this.#hasBegun && (sessionId === undefined || this.#sessionId !== sessionId))
      this.#previous = undefined;
    this.#hasBegun = true;
    this.#sessionId = sessionId;
    if (sessionId !== undefined && resumesTotals(claude_code_version))
      this.#previous ??= lastResults.get(sessionId);
  }

  #note({ id, model, usage }: Readonly<Record<string, unknown>>): void {
    this.#isPending = true;
    // Messages that the SDK itself inserts, such as the text of an error, used nothing.
    if (typeof id !== "string" || typeof model !== "string" || model.startsWith("<")) return;
    const used = objectOf(usage);
    const request = { model, ...anthropicTokens(used), ...anthropicTerms(used) };
    const known = this.#usages.get(id);
    if ((known?.outputTokens ?? -1) <= (request.outputTokens ?? 0)) this.#usages.set(id, request);
  }

  #recordOf(result: ClaudeResult): TelemetryRecord {
    // A log may have only results, without the messages that start a session.
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
