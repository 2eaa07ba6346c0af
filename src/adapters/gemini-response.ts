import type { TelemetryRecord } from "../record/types";
import { usageFields } from "./by-model";
import type { RunContext } from "./context";
import { countOf, notA, objectOf, serviceTierOf, sumOf, textOf, uncached } from "./read";

/** The model finished by itself, or reached a limit: its own limit for a request, or one that the caller set. */
const ENDS = new Set(["STOP", "MAX_TOKENS", "CONTINUATION"]);

/**
 * The record of a response of Gemini's API (`generateContent`). Its prompt count includes cached content, which is
 * subtracted. Thoughts are counted apart from the candidates, and tool prompts apart from the prompt: both are added. A
 * response has no cost.
 *
 * @throws {RunledgerError} `INVALID_RECORD` if it isn't a response.
 */
export function fromGeminiResponse(response: object, context: RunContext): TelemetryRecord {
  const { usageMetadata, candidates, promptFeedback, modelVersion, responseId } = objectOf(response);
  if (usageMetadata == null && candidates == null && promptFeedback == null) {
    throw notA("a response of Gemini's API", response);
  }
  const usage = objectOf(usageMetadata);
  const read = countOf(usage["cachedContentTokenCount"]);
  const reason = textOf(objectOf(objectOf(candidates)["0"])["finishReason"]);
  const blocked = textOf(objectOf(promptFeedback)["blockReason"]);
  const ended = blocked ?? reason;
  const request = {
    model: textOf(modelVersion) ?? context.model ?? "unknown",
    provider: context.provider,
    serviceTier: serviceTierOf(textOf(usage["trafficType"])?.replace(/^ON_DEMAND_/, "")),
    inputTokens: sumOf(
      uncached(countOf(usage["promptTokenCount"]), read, undefined),
      countOf(usage["toolUsePromptTokenCount"]),
    ),
    outputTokens: sumOf(countOf(usage["candidatesTokenCount"]), countOf(usage["thoughtsTokenCount"])),
    cacheReadTokens: read,
  };
  return {
    ...usageFields([request], context),
    conclusion: ended === undefined || ENDS.has(ended) ? "success" : ended.toLowerCase(),
    executionId: textOf(responseId),
    stopReason: ended,
  };
}
