import type { TelemetryRecord } from "../record/types";
import { usageFields } from "./by-model";
import type { RunContext } from "./context";
import { tokenFields } from "./inclusive-usage";
import { countOf, notA, objectOf, serviceTierOf, textOf } from "./read";

/**
 * The record of a response of OpenAI's Responses API or Chat Completions, or of a compatible service. Cache reads and
 * writes are part of its input count, and are subtracted; its output includes reasoning. A response has no cost.
 *
 * @throws {RunledgerError} `INVALID_RECORD` if it isn't a response.
 */
export function fromOpenAiResponse(response: object, context: RunContext): TelemetryRecord {
  const body = objectOf(response);
  const usage = objectOf(body["usage"]);
  const isChat = Array.isArray(body["choices"]);
  if (!isChat && textOf(body["status"]) === undefined && body["error"] == null && body["usage"] == null) {
    throw notA("a response of OpenAI's API", response);
  }
  const names = isChat || "prompt_tokens" in usage ? CHAT : RESPONSES;
  const details = objectOf(usage[names.details]);
  const request = {
    model: textOf(body["model"]) ?? context.model ?? "unknown",
    provider: context.provider,
    serviceTier: serviceTierOf(body["service_tier"]),
    ...tokenFields({
      input: countOf(usage[names.input]),
      read: countOf(details["cached_tokens"]),
      written: countOf(details["cache_write_tokens"]),
      output: countOf(usage[names.output]),
    }),
  };
  return {
    ...usageFields([request], context),
    ...(isChat ? endOfChat(body["choices"]) : endOfResponse(body)),
    executionId: textOf(body["id"]),
  };
}

const RESPONSES = {
  input: "input_tokens",
  output: "output_tokens",
  details: "input_tokens_details",
} as const;
const CHAT = {
  input: "prompt_tokens",
  output: "completion_tokens",
  details: "prompt_tokens_details",
} as const;

function endOfResponse({ status, error, incomplete_details, conversation }: ReturnType<typeof objectOf>) {
  const conclusion = textOf(status);
  return {
    conclusion:
      conclusion === "completed" ? "success" : (conclusion ?? (error == null ? "success" : "error")),
    stopReason: textOf(objectOf(incomplete_details)["reason"]) ?? textOf(objectOf(error)["code"]),
    sessionId: textOf(objectOf(conversation)["id"]),
  };
}

function endOfChat(choices: unknown) {
  const reason = textOf(objectOf(objectOf(choices)["0"])["finish_reason"]);
  return { conclusion: reason === "content_filter" ? reason : "success", stopReason: reason };
}
