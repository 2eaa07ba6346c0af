import type { TelemetryRecord } from "../record/types";
import { sumByModel } from "./by-model";
import { contextFields, type RunContext } from "./context";
import { type InclusiveUsage, knownUsage, tokenFields } from "./inclusive-usage";
import { countOf, type Fields, notA, objectOf, textOf } from "./read";

/** How LangChain calls those who serve models, where ours has another name. */
const PROVIDERS: Readonly<Record<string, string>> = {
  bedrock: "aws",
  "bedrock-converse": "aws",
  "google-genai": "google",
  "google-vertexai": "google",
};
const BLOCKED = new Set(["content_filter", "refusal", "SAFETY"]);

/**
 * The record of what a chat model of LangChain returns (an `AIMessage`), or of what an agent or graph with `messages`
 * does: the answers since the last message of a human, as earlier ones are of earlier runs. Input includes what was
 * read from the cache and written to it, which is taken out. It says no cost.
 *
 * A run that is interrupted and goes on is one, under one `executionId`: record it once, at its end.
 *
 * @throws {RunledgerError} `INVALID_RECORD` for what is neither.
 */
export function fromLangChain(result: object, context: RunContext): TelemetryRecord {
  const answers = answersOf(objectOf(result));
  if (answers.length === 0) throw notA("an AIMessage of LangChain, or a state with messages", result);
  const models = sumByModel(answers.map((answer) => usedFor(answer, context)));
  const [only = { model: undefined }, ...others] = models;
  const { model, ...known } = contextFields(context, only.model);
  const reason = reasonOf(objectOf(answers.at(-1)?.["response_metadata"]));
  return {
    ...known,
    conclusion: reason !== undefined && BLOCKED.has(reason) ? reason.toLowerCase() : "success",
    executionId: textOf(answers[0]?.["id"]),
    stopReason: reason,
    numTurns: answers.length,
    ...(others.length > 0 ? { models } : { ...only, model }),
  };
}

/** Each provider's package calls it as its API does. */
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

/** Of a message of version 1, or of an earlier one, which says it by a method. */
function typeOf(message: Fields): unknown {
  const { type, _getType } = message;
  return textOf(type) ?? (typeof _getType === "function" ? _getType.call(message) : undefined);
}

function usedFor(answer: Fields, context: RunContext) {
  const { model_name, model, model_provider, usage } = objectOf(answer["response_metadata"]);
  const served = textOf(model_provider);
  return {
    model: textOf(model_name) ?? textOf(model) ?? context.model ?? "unknown",
    provider: context.provider ?? (served && (PROVIDERS[served] ?? served)),
    ...tokenFields(usageOf(objectOf(answer["usage_metadata"]), objectOf(usage))),
  };
}

/** `ofAnthropic` is its own count, in which input has no cached tokens; early versions passed its input on as it is. */
function usageOf(usage: Fields, ofAnthropic: Fields): InclusiveUsage {
  const details = objectOf(usage["input_token_details"]);
  const [read, written] = [countOf(details["cache_read"]), countOf(details["cache_creation"])];
  const input = countOf(usage["input_tokens"]);
  const isExclusive = "cache_read_input_tokens" in ofAnthropic && ofAnthropic["input_tokens"] === input;
  return knownUsage({
    input: isExclusive && input !== undefined ? input + (read ?? 0) + (written ?? 0) : input,
    read,
    written,
    output: isExclusive ? countOf(usage["output_tokens"]) : outputOf(usage, input),
  });
}

/** Gemini's thoughts are in the total, but in no other count. */
function outputOf(usage: Fields, input: number | undefined): number | undefined {
  const [output, total] = [countOf(usage["output_tokens"]), countOf(usage["total_tokens"])];
  if (output === undefined || total === undefined || input === undefined) return output;
  return Math.max(output, total - input);
}
