import type { TelemetryRecord } from "../record/types";
import { anthropicTerms } from "./anthropic-usage";
import { usageFields } from "./by-model";
import type { RunContext } from "./context";
import { type InclusiveUsage, knownUsage, tokenFields } from "./inclusive-usage";
import { providerNamed } from "./provider-names";
import { countOf, type Fields, notA, objectOf, textOf } from "./read";

/** Reasons for which an answer was blocked, as the APIs of OpenAI, Anthropic, Bedrock and Gemini call them. */
const BLOCKED = new Set([
  "blocklist",
  "content_filter",
  "content_filtered",
  "guardrail_intervened",
  "prohibited_content",
  "recitation",
  "refusal",
  "safety",
  "spii",
]);

/**
 * The record of what a chat model of LangChain returns (an `AIMessage`), or of the final state of an agent or graph
 * with `messages`. From a state, the answers since the last human message are counted; earlier ones belong to earlier
 * runs. Cache reads and writes are part of the input count, and are subtracted. A result has no cost.
 *
 * A run that is interrupted and continues is one run, under one `executionId`: record it once, when it ends.
 *
 * @throws {RunledgerError} `INVALID_RECORD` if it is neither.
 */
export function fromLangChain(result: object, context: RunContext): TelemetryRecord {
  const answers = answersOf(objectOf(result));
  if (answers.length === 0) throw notA("an AIMessage of LangChain, or a state with messages", result);
  const reason = reasonOf(objectOf(answers.at(-1)?.["response_metadata"]));
  const ended = reason?.toLowerCase();
  return {
    ...usageFields(
      answers.map((answer) => usedFor(answer, context)),
      context,
    ),
    conclusion: ended !== undefined && BLOCKED.has(ended) ? ended : "success",
    executionId: textOf(answers[0]?.["id"]),
    stopReason: reason,
    numTurns: answers.length,
  };
}

/** Each provider's package uses the name of the provider's API. */
function reasonOf({ finish_reason, finishReason, stop_reason, stopReason }: Fields): string | undefined {
  return textOf(finish_reason) ?? textOf(finishReason) ?? textOf(stop_reason) ?? textOf(stopReason);
}

function answersOf(result: Fields): readonly Fields[] {
  if (!Array.isArray(result["messages"])) return isAnswer(result) ? [result] : [];
  const messages = result["messages"].map(objectOf);
  return messages
    .slice(messages.findLastIndex((message) => typeOf(message) === "human") + 1)
    .filter(isAnswer);
}

function isAnswer(message: Fields): boolean {
  return typeOf(message) === "ai";
}

/** Before version 1, the type of a message comes from a method. */
function typeOf(message: Fields): unknown {
  const { type, _getType } = message;
  if (textOf(type) !== undefined || typeof _getType !== "function") return type;
  try {
    return _getType.call(message);
  } catch {
    return undefined;
  }
}

function usedFor(answer: Fields, context: RunContext) {
  const {
    model_name,
    model: named,
    model_provider,
    usage,
    service_tier,
  } = objectOf(answer["response_metadata"]);
  const served = textOf(model_provider);
  const model = textOf(model_name) ?? textOf(named) ?? context.model ?? "unknown";
  const counted = usageOf(objectOf(answer["usage_metadata"]), objectOf(usage));
  return {
    model,
    provider: context.provider ?? providerNamed(served),
    ...anthropicTerms({ ...objectOf(usage), ...(service_tier != null && { service_tier }) }),
    ...tokenFields((served ?? model).match(/^(google|gemini)/) ? withThoughts(counted, answer) : counted),
  };
}

/**
 * `ofAnthropic` is Anthropic's own count, in which input excludes cached tokens. Early versions of LangChain passed
 * that input on unchanged.
 */
function usageOf(usage: Fields, ofAnthropic: Fields): InclusiveUsage {
  const details = objectOf(usage["input_token_details"]);
  const [read, written] = [countOf(details["cache_read"]), countOf(details["cache_creation"])];
  const input = countOf(usage["input_tokens"]);
  const isExclusive = "cache_read_input_tokens" in ofAnthropic && ofAnthropic["input_tokens"] === input;
  return knownUsage({
    input: isExclusive && input !== undefined ? input + (read ?? 0) + (written ?? 0) : input,
    read,
    written,
    output: countOf(usage["output_tokens"]),
  });
}

/** Gemini's thoughts are only in the total, so the output is taken from there. */
function withThoughts(usage: InclusiveUsage, answer: Fields): InclusiveUsage {
  const total = countOf(objectOf(answer["usage_metadata"])["total_tokens"]);
  if (total === undefined || usage.input === undefined || usage.output === undefined) return usage;
  return { ...usage, output: Math.max(usage.output, total - usage.input) };
}
