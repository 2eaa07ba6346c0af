import type { ModelUsage, TelemetryRecord } from "../record/types";
import { type ClaudeResult, fromClaudeResult, isClaudeResult, sessionOf } from "./claude-result";
import type { RunContext } from "./context";
import { countOf, objectOf } from "./read";

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
  #usages = new Map<string, ModelUsage>();
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
    const models = [...Map.groupBy(this.#usages.values(), ({ model }) => model)].map(([model, usages]) => ({
      model,
      ...sumOf(usages),
    }));
    const { model = models[0]?.model ?? "unknown", ...context } = this.#context;
    return {
      ...context,
      conclusion: "error",
      durationMs: performance.now() - this.#startMs,
      sessionId: this.#sessionId,
      ...(models.length > 0 ? { models } : { model }),
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
    const counts = countsOf(objectOf(usage));
    const known = this.#usages.get(id);
    if ((known?.outputTokens ?? -1) <= counts.outputTokens) this.#usages.set(id, { model, ...counts });
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

type Counts = Record<"inputTokens" | "outputTokens" | "cacheReadTokens" | "cacheCreationTokens", number>;

function countsOf(usage: Readonly<Record<string, unknown>>): Counts {
  const count = (name: string) => countOf(usage[name]) ?? 0;
  return {
    inputTokens: count("input_tokens"),
    outputTokens: count("output_tokens"),
    cacheReadTokens: count("cache_read_input_tokens"),
    cacheCreationTokens: count("cache_creation_input_tokens"),
  };
}

function sumOf(usages: readonly ModelUsage[]): Counts {
  const sum = (name: keyof Counts) => usages.reduce((total, usage) => total + (usage[name] ?? 0), 0);
  return {
    inputTokens: sum("inputTokens"),
    outputTokens: sum("outputTokens"),
    cacheReadTokens: sum("cacheReadTokens"),
    cacheCreationTokens: sum("cacheCreationTokens"),
  };
}
