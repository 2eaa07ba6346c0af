// What is sent, by both conventions. docs/opentelemetry.md has the same tables.

/** Attributes of the span: whether conventions 1.41 and the latest have them, and what they hold. */
export const SPAN_ATTRIBUTES = [
  ["gen_ai.operation.name", "yes", "yes", "`invoke_agent`"],
  ["gen_ai.provider.name", "yes", "no", "the provider, by its well-known name"],
  ["gen_ai.request.model", "yes", "yes", "the model; if there are several, the main one"],
  ["gen_ai.agent.name", "yes", "yes", "the option `agentName`"],
  ["gen_ai.conversation.id", "yes", "yes", "`sessionId`"],
  ["gen_ai.response.finish_reasons", "yes", "yes", "`stopReason`, as a list of one"],
  [
    "gen_ai.usage.input_tokens",
    "yes",
    "yes",
    "`inputTokens` + `cacheReadTokens` + `cacheCreationTokens`: here, cached input is included",
  ],
  ["gen_ai.usage.output_tokens", "yes", "yes", "`outputTokens`"],
  ["gen_ai.usage.cache_read.input_tokens", "yes", "no", "`cacheReadTokens`"],
  ["gen_ai.usage.cache_creation.input_tokens", "yes", "no", "`cacheCreationTokens`"],
  ["error.type", "yes", "yes", "for a failure: `conclusion` if it is one word, else `_OTHER`"],
  ["runledger.execution.conclusion", "yes", "yes", "`conclusion` if it is one word, else `_OTHER`"],
  ["runledger.execution.id", "yes", "yes", "`executionId`, if the event has one"],
  ["runledger.execution.turns", "yes", "yes", "`numTurns`"],
  ["runledger.repo", "yes", "yes", "`repo`"],
  ["runledger.pr.number", "yes", "yes", "`prNumber`"],
  ["runledger.delivery.id", "yes", "yes", "`deliveryId`"],
  ["runledger.event.type", "yes", "yes", "`eventType`"],
  ["runledger.cost.amount", "yes", "yes", "`costUsd`; later `gen_ai.usage.cost.amount`"],
  ["runledger.cost.currency", "yes", "yes", "`USD`; later `gen_ai.usage.cost.currency`"],
  [
    "runledger.cost.source",
    "yes",
    "yes",
    "`reported` or `estimated`; later `gen_ai.usage.cost.source`, `provider` or `local`",
  ],
] as const satisfies readonly (readonly [
  name: string,
  old: "yes" | "no",
  latest: "yes" | "no",
  value: string,
])[];

const OF_MODEL = ["gen_ai.provider.name", "gen_ai.request.model", "gen_ai.agent.name"] as const;
const OF_RUN = [...OF_MODEL, "error.type"] as const;
const OURS = [...OF_MODEL, "runledger.execution.conclusion"] as const;
const OF_INFERENCE = [...OF_MODEL, "gen_ai.operation.name", "gen_ai.token.modality"] as const;

/** Metrics of executions, by either conventions: kind, unit, and the attributes that a point may have. */
export const METRICS = [
  ["gen_ai.invoke_agent.duration", "histogram", "s", OF_RUN],
  ["gen_ai.invoke_agent.inference_calls", "histogram", "{inference_call}", OF_RUN],
  ["runledger.execution.count", "sum", "{execution}", OURS],
  ["runledger.execution.cost", "sum", "{USD}", [...OURS, "runledger.cost.source"]],
  ["runledger.execution.tokens", "sum", "{token}", [...OURS, "runledger.token.class"]],
  ["gen_ai.client.inference.usage.input_tokens", "sum", "{token}", OF_INFERENCE],
  ["gen_ai.client.inference.usage.output_tokens", "sum", "{token}", OF_INFERENCE],
  ["gen_ai.client.inference.usage.cache_read.input_tokens", "sum", "{token}", OF_INFERENCE],
  ["gen_ai.client.inference.usage.cache_write.input_tokens", "sum", "{token}", OF_INFERENCE],
] as const;

/** Metrics of the plugins themselves. */
export const SELF_METRICS = [
  ["runledger.telemetry.received", "sum", "{execution}"],
  ["runledger.telemetry.written", "sum", "{execution}"],
  ["runledger.telemetry.duplicates", "sum", "{execution}"],
  ["runledger.telemetry.rejected", "sum", "{execution}"],
  ["runledger.telemetry.spilled", "sum", "{execution}"],
  ["runledger.telemetry.dropped", "sum", "{execution}"],
  ["runledger.telemetry.queued", "sum", "{execution}"],
  ["runledger.telemetry.restarts", "sum", "{restart}"],
  ["runledger.telemetry.state", "gauge", "1"],
  ["runledger.telemetry.flush.duration", "gauge", "s"],
  ["runledger.forward.behind", "gauge", "{execution}"],
  ["runledger.spans.omitted", "sum", "{span}"],
] as const;

/** The attributes that a span with everything in it has by these conventions. */
export function spanAttributesOf(conventions: "1.41" | "latest"): string[] {
  return SPAN_ATTRIBUTES.filter(([, old, latest]) => (conventions === "1.41" ? old : latest) === "yes").map(
    ([name]) => name,
  );
}
