import type { TelemetryRecord } from "../record/types";
import { anthropicTerms } from "./anthropic-usage";
import { type ModelRequest, usageFields } from "./by-model";
import type { RunContext } from "./context";
import { providerNamed } from "./provider-names";
import { countOf, type Fields, notA, objectOf, serviceTierOf, textOf, uncached } from "./read";

/** `interrupted` means that the stream ended before the model did. */
const FAILURES = new Set(["error", "content-filter", "interrupted"]);

/**
 * The record of a result of the Vercel AI SDK, version 5, 6 or 7: what `generateText` or `generateObject` returns, or
 * what `onFinish` of `streamText` receives. It covers all steps; `totalUsage` is preferred, because in 5 and 6 `usage`
 * is that of the last step only. Input includes cached input, except for Anthropic's models in version 5. A result has
 * no cost.
 *
 * @throws {RunledgerError} `INVALID_RECORD` if it isn't a result, or if its usage is still a promise.
 */
export function fromAiSdkResult(result: object, context: RunContext): TelemetryRecord {
  const fields = objectOf(result);
  const { usage, totalUsage, steps, response } = fields;
  if (usage instanceof Promise || totalUsage instanceof Promise) {
    throw notA("a result whose usage is there", result, "Pass what onFinish is given, or await its usage.");
  }
  if (usage == null && totalUsage == null) throw notA("a result of the AI SDK", result);
  const reason = textOf(fields["finishReason"]);
  const turns = Array.isArray(steps) ? steps.length : 0;
  return {
    ...usageFields(requestsOf(fields, context), context),
    conclusion: reason !== undefined && FAILURES.has(reason) ? reason : "success",
    executionId: textOf(objectOf(response)["id"]),
    stopReason: reason,
    numTurns: turns > 0 ? turns : undefined,
  };
}

/** What the steps used. They may have used different models. */
function requestsOf(fields: Fields, { model, provider }: RunContext): readonly ModelRequest[] {
  const steps = (Array.isArray(fields["steps"]) ? fields["steps"] : []).map(objectOf);
  const areOfSteps = steps.length > 0 && steps.every((step) => step["usage"] != null);
  const parts = areOfSteps ? steps : [{ ...fields, usage: fields["totalUsage"] ?? fields["usage"] }];
  return parts.map((part) => {
    const { modelId, provider: served } = objectOf(part["model"]);
    return {
      model: textOf(objectOf(part["response"])["modelId"]) ?? textOf(modelId) ?? model ?? "unknown",
      provider: providerNamed(textOf(served)) ?? provider,
      ...usageOf(part),
      ...termsOf(objectOf(part["providerMetadata"])),
    };
  });
}

/** What decides the price besides the tokens. `anthropic.usage` has the form of Anthropic's API. */
function termsOf({ anthropic, openai }: Fields) {
  const ofAnthropic = anthropicTerms(objectOf(objectOf(anthropic)["usage"]));
  return {
    ...ofAnthropic,
    serviceTier: ofAnthropic.serviceTier ?? serviceTierOf(objectOf(openai)["serviceTier"]),
  };
}

function usageOf(part: Fields) {
  const usage = objectOf(part["usage"]);
  const input = countOf(usage["inputTokens"]);
  const outputTokens = countOf(usage["outputTokens"]);
  const details = objectOf(usage["inputTokenDetails"]);
  if ("inputTokenDetails" in usage) {
    const [read, written] = [countOf(details["cacheReadTokens"]), countOf(details["cacheWriteTokens"])];
    const inputTokens = countOf(details["noCacheTokens"]) ?? uncached(input, read, written);
    return { inputTokens, outputTokens, cacheReadTokens: read, cacheCreationTokens: written };
  }
  const read = countOf(usage["cachedInputTokens"]);
  const ofAnthropic = objectOf(objectOf(part["providerMetadata"])["anthropic"]);
  const isExclusive = Object.keys(ofAnthropic).length > 0;
  return {
    inputTokens: isExclusive ? input : uncached(input, read, undefined),
    outputTokens,
    cacheReadTokens: read,
    cacheCreationTokens: countOf(ofAnthropic["cacheCreationInputTokens"]),
  };
}
