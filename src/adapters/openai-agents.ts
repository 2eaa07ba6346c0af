import type { TelemetryRecord } from "../record/types";
import { type ModelRequest, usageFields } from "./by-model";
import type { RunContext } from "./context";
import { type InclusiveUsage, knownUsage, tokenFields, usageBeyond } from "./inclusive-usage";
import { countOf, type Fields, notA, objectOf, serviceTierOf, sumOf, textOf } from "./read";

/**
 * The record of what `run()` of the OpenAI Agents SDK returns (if streamed, once it is `completed`), or of the error
 * that it throws, if that has a `state`. The usage of agents called as tools is included. Cache reads and writes are
 * part of the input count, and are subtracted; output includes reasoning. A result has no cost. Streamed responses, and
 * agents called as tools, don't name a model, so they count under the model of the context.
 *
 * Give each run its own `RunContext`, or none: in a shared one, the SDK adds up the usage of all runs.
 *
 * A run that waits for an approval has the conclusion `interrupted`. When it continues, the new result covers the whole
 * run under the same `executionId`: record only that one.
 *
 * @throws {RunledgerError} `INVALID_RECORD` if it is neither a result nor an error with a state.
 */
export function fromOpenAiAgents(result: object, context: RunContext): TelemetryRecord {
  const fields = objectOf(result);
  const state = objectOf(fields["state"]);
  const given = fields["rawResponses"] ?? state["_modelResponses"];
  if (!Array.isArray(given)) {
    throw notA("a result of the OpenAI Agents SDK, or an error of it that has a state", result);
  }
  const responses = given.map(objectOf);
  return {
    ...usageFields(requestsOf(responses, objectOf(state["usage"]), context), context),
    ...endOf(fields),
    executionId: textOf(responses[0]?.["responseId"]),
    numTurns: responses.length > 0 ? responses.length : undefined,
  };
}

function endOf({ error, interruptions, rawResponses, name, cancelled }: Fields) {
  if (cancelled === true) return { conclusion: "aborted" };
  if (rawResponses === undefined || error != null) {
    return { conclusion: "error", stopReason: classNameOf(objectOf(error)["name"] ?? name) };
  }
  const isWaiting = Array.isArray(interruptions) && interruptions.length > 0;
  return { conclusion: isWaiting ? "interrupted" : "success" };
}

/** The name of an error's class, never its text. */
function classNameOf(name: unknown): string | undefined {
  return typeof name === "string" && /^\w{1,64}$/.test(name) ? name : undefined;
}

/** What the requests used. The run's usage exceeds that of its responses if agents were called as tools. */
function requestsOf(
  responses: readonly Fields[],
  ofRun: Fields,
  context: RunContext,
): readonly ModelRequest[] {
  const { model: namedModel = "unknown", provider } = context;
  const usages = responses.map((response) => usageOf(objectOf(response["usage"])));
  const named = responses.map((response, index) => ({
    model: textOf(objectOf(response["providerData"])["model"]) ?? namedModel,
    provider,
    serviceTier: serviceTierOf(objectOf(response["providerData"])["service_tier"]),
    ...tokenFields(usages[index] ?? usageOf({})),
  }));
  const rest = usageBeyond(usageOf(ofRun), sumOfUsages(usages));
  const hasMore = Object.values(rest).some(isMore) && Object.values(rest).every(isNotLess);
  return hasMore
    ? [...named, { model: namedModel, provider, ...tokenFields(rest), areSeveral: true }]
    : named;
}

const isMore = (count: number | undefined) => count !== undefined && count > 0;
const isNotLess = (count: number | undefined) => count === undefined || count >= 0;

function usageOf(usage: Fields): InclusiveUsage {
  // There is one entry for each request that had details.
  const details = Object.values(objectOf(usage["inputTokensDetails"])).map(objectOf);
  return knownUsage({
    input: countOf(usage["inputTokens"]),
    read: sumOf(...details.map((one) => countOf(one["cached_tokens"]))),
    written: sumOf(...details.map((one) => countOf(one["cache_write_tokens"]))),
    output: countOf(usage["outputTokens"]),
  });
}

function sumOfUsages(usages: readonly InclusiveUsage[]): InclusiveUsage {
  const sum = (name: keyof InclusiveUsage) => sumOf(0, ...usages.map((usage) => usage[name]));
  return { input: sum("input"), read: sum("read"), written: sum("written"), output: sum("output") };
}
