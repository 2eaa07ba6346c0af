import { describe } from "../describe";
import { RunledgerError } from "../errors";
import { AMOUNTS } from "../record/models";
import type { CostSource, ModelUsage, TelemetryRecord } from "../record/types";
import { anthropicTokens } from "./anthropic-usage";
import { pricedBy } from "./by-model";
import type { RunContext } from "./context";
import { providerNamed } from "./provider-names";
import { amountOf, countOf, objectOf, textOf } from "./read";

/**
 * What is read from a result message of any version of Claude Code (`claude -p --output-format json`) or of the Claude
 * Agent SDK. A field that is missing, or has another form, counts as unknown. No text of a prompt or an answer is read.
 */
export interface ClaudeResult {
  readonly type?: unknown;
  readonly subtype?: unknown;
  readonly is_error?: unknown;
  readonly uuid?: unknown;
  readonly session_id?: unknown;
  readonly stop_reason?: unknown;
  readonly terminal_reason?: unknown;
  readonly api_error_status?: unknown;
  readonly total_cost_usd?: unknown;
  /** The cost's name in the first versions, like `total_cost`. */
  readonly cost_usd?: unknown;
  readonly total_cost?: unknown;
  readonly duration_ms?: unknown;
  readonly num_turns?: unknown;
  readonly usage?: unknown;
  readonly modelUsage?: unknown;
}

/** How {@link fromClaudeResult} reads a result. */
export interface ClaudeResultOptions {
  /**
   * The previous result of the same running total: of the same query or, since SDK 0.3.277, of the session that was
   * resumed. Its usage is subtracted, unless the total was reset since.
   */
  readonly previous?: ClaudeResult | undefined;
}

type Usage = ModelUsage & { readonly model: string };
const UNKNOWN_MODEL = "unknown";

/**
 * The record of a result. The usage of each model is taken from `modelUsage`; without it, `usage` covers the main loop
 * only. Zeros in place of unknown numbers, as in the result of a crash, are left out.
 *
 * @throws {RunledgerError} `INVALID_RECORD` if it isn't a result.
 * @example
 * ```ts
 * app.emitter.emit("execution:completed", fromClaudeResult(message, { repo, eventType }));
 * ```
 */
export function fromClaudeResult(
  message: ClaudeResult,
  context: RunContext,
  { previous }: ClaudeResultOptions = {},
): TelemetryRecord {
  assertResult(message);
  const { model: namedModel = UNKNOWN_MODEL, prices, ...known } = context;
  const isRefused = message.api_error_status != null;
  const used = difference(usagesOf(message, namedModel), previous && usagesOf(previous, namedModel));
  const told = used.map((usage) => withoutUnknown(usage, isRefused));
  const models = prices === undefined ? told : priced(told, context);
  const fields = {
    ...known,
    conclusion: conclusionOf(message),
    executionId: textOf(message.uuid),
    sessionId: sessionOf(message),
    stopReason: textOf(message.stop_reason) ?? textOf(message.terminal_reason),
    durationMs: amountOf(message.duration_ms) || known.durationMs,
    numTurns: countOf(message.num_turns),
  };
  const [only, ...others] = models;
  if (only === undefined || others.length > 0) {
    return models.length > 0 ? { ...fields, models } : { ...fields, model: namedModel };
  }
  return { ...fields, ...only };
}

/** Estimates the costs that the result lacks. It doesn't tell requests apart. */
function priced(usages: readonly Usage[], context: RunContext): readonly Usage[] {
  const requests = usages.map((usage) => ({
    ...usage,
    provider: usage.provider ?? context.provider,
    areSeveral: true,
  }));
  return pricedBy(context, requests).map(({ areSeveral: _, ...usage }) => usage);
}

/** Whether a value is such a result. */
export function isClaudeResult(value: unknown): value is ClaudeResult {
  if (typeof value !== "object" || value === null) return false;
  const { type, ...message } = value as Record<string, unknown>;
  const isOfResult = RESULT_FIELDS.some((field) => message[field] !== undefined);
  return isOfResult && (type === undefined || type === "result");
}

/** A result of any version has at least one of these. */
const RESULT_FIELDS = ["total_cost_usd", "cost_usd", "total_cost", "modelUsage"] as const;

function assertResult(value: unknown): void {
  if (isClaudeResult(value)) return;
  const type = typeof value === "object" && value !== null ? (value as ClaudeResult).type : undefined;
  const received = type === undefined ? describe(value) : `a message of type ${describe(type)}`;
  throw new RunledgerError(
    "INVALID_RECORD",
    `Invalid result: expected a message of type result, received ${received}.`,
  );
}

/** The session of a message; `undefined` for a placeholder, such as `default` or `<scrubbed>`. */
export function sessionOf({ session_id }: Pick<ClaudeResult, "session_id">): string | undefined {
  const id = textOf(session_id);
  return id === "default" || id?.startsWith("<") ? undefined : id;
}

/** A run succeeded if the subtype is `success` and `is_error` isn't set. */
function conclusionOf({ subtype, is_error }: ClaudeResult): string {
  if (subtype === "success" && is_error !== true) return "success";
  return textOf(subtype === "success" ? undefined : subtype) ?? "error";
}

/** What each model used so far, according to the message. */
function usagesOf(message: ClaudeResult, namedModel: string): readonly Usage[] {
  const ofModels = Object.entries(objectOf(message.modelUsage));
  if (ofModels.length > 0) return ofModels.map(([model, usage]) => usageOfModel(model, objectOf(usage)));
  const usage = objectOf(message.usage);
  return [
    {
      model: namedModel,
      ...anthropicTokens(usage),
      costUsd: amountOf(message.total_cost_usd) ?? amountOf(message.total_cost) ?? amountOf(message.cost_usd),
    },
  ];
}

function usageOfModel(model: string, usage: Readonly<Record<string, unknown>>): Usage {
  const provider = providerNamed(textOf(usage["provider"]));
  const costSource: CostSource = usage["costBasis"] === "unknown" ? "estimated" : "reported";
  return {
    model: model === "" ? UNKNOWN_MODEL : model,
    ...(provider !== undefined && { provider }),
    inputTokens: countOf(usage["inputTokens"]),
    outputTokens: countOf(usage["outputTokens"]),
    cacheReadTokens: countOf(usage["cacheReadInputTokens"]),
    cacheCreationTokens: countOf(usage["cacheCreationInputTokens"]),
    costUsd: amountOf(usage["costUSD"]),
    costSource,
  };
}

/** What was used since an earlier result. If a field would fall below zero, the total was reset. */
function difference(now: readonly Usage[], before: readonly Usage[] = []): readonly Usage[] {
  const earlier = new Map(before.map((usage) => [usage.model, usage]));
  const rest = now.map((usage): Usage => {
    const sums = earlier.get(usage.model);
    const less = AMOUNTS.map((name) => {
      const amount = usage[name];
      return [name, amount == null ? amount : amount - (sums?.[name] ?? 0)];
    });
    return { ...usage, ...Object.fromEntries(less) };
  });
  const present = new Set(now.map(({ model }) => model));
  const isGone = before.some(({ model }) => !present.has(model));
  const wasReset = isGone || rest.some((usage) => AMOUNTS.some((name) => (usage[name] ?? 0) < -TOLERANCE));
  if (wasReset) return now;
  const used = rest.map(withoutNoise).filter((usage) => AMOUNTS.some((name) => usage[name] !== 0));
  return used.length > 0 ? used : rest.slice(0, 1).map(withoutNoise);
}

/** Sums of fractions may differ by this much, depending on the order of addition. */
const TOLERANCE = 1e-9;

function withoutNoise(usage: Usage): Usage {
  return usage.costUsd != null && Math.abs(usage.costUsd) <= TOLERANCE ? { ...usage, costUsd: 0 } : usage;
}

/** A request that wasn't refused uses tokens and costs something, so zeros in their place mean unknown. */
function withoutUnknown(usage: Usage, isRefused: boolean): Usage {
  const tokens = [usage.inputTokens, usage.outputTokens, usage.cacheReadTokens, usage.cacheCreationTokens];
  const hasTokens = tokens.some((count) => count != null && count > 0);
  const hasCost = usage.costUsd != null && usage.costUsd > 0;
  if (isRefused || (hasTokens && hasCost)) return usage;
  const { inputTokens, outputTokens, cacheReadTokens, cacheCreationTokens, costUsd, ...names } = usage;
  return {
    ...names,
    ...(hasTokens && { inputTokens, outputTokens, cacheReadTokens, cacheCreationTokens }),
    ...(hasCost && { costUsd }),
  };
}
