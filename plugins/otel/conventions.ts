// Names of OpenTelemetry's conventions for generative AI, all with the status Development. After 1.41 they moved to a
// repository of their own, which has no release yet, and `@opentelemetry/semantic-conventions` has only older ones.
//
// "1.41": https://github.com/open-telemetry/semantic-conventions/blob/v1.41.1/docs/gen-ai/gen-ai-agent-spans.md
// "latest": https://github.com/open-telemetry/semantic-conventions-genai at 32c328e85013588c6fe32ebc30934ab5b1752b6a,
// whose docs/gen-ai/non-normative/migration.md says what changed since 1.41.

/** Which conventions the names follow. */
export type Conventions = "1.41" | "latest";

/** How the conventions differ on the span of a run. */
export interface Profile {
  readonly tracerOptions: { readonly schemaUrl?: string };
  /** Attributes that only some conventions have; `undefined` if they have none for a run. */
  readonly provider: string | undefined;
  readonly cacheReadTokens: string | undefined;
  readonly cacheCreationTokens: string | undefined;
}

export const PROFILES = {
  "1.41": {
    tracerOptions: { schemaUrl: "https://opentelemetry.io/schemas/1.41.0" },
    provider: "gen_ai.provider.name",
    cacheReadTokens: "gen_ai.usage.cache_read.input_tokens",
    cacheCreationTokens: "gen_ai.usage.cache_creation.input_tokens",
  },
  // Left out because a run may have called several providers and models, so naming one is misleading: pull requests 289
  // and 469 of that repository.
  latest: {
    tracerOptions: {},
    provider: undefined,
    cacheReadTokens: undefined,
    cacheCreationTokens: undefined,
  },
} as const satisfies Record<Conventions, Profile>;

/** The operation of a run, and the first word of its span's name. */
export const INVOKE_AGENT = "invoke_agent";

/** Names that both conventions have. */
export const GEN_AI = {
  operation: "gen_ai.operation.name",
  provider: "gen_ai.provider.name",
  model: "gen_ai.request.model",
  agent: "gen_ai.agent.name",
  conversation: "gen_ai.conversation.id",
  finishReasons: "gen_ai.response.finish_reasons",
  inputTokens: "gen_ai.usage.input_tokens",
  outputTokens: "gen_ai.usage.output_tokens",
} as const;

/** https://github.com/open-telemetry/semantic-conventions/blob/v1.41.1/docs/registry/attributes/error.md */
export const ERROR_TYPE = "error.type";
/** The `error.type` of an error without a short name. */
export const OTHER_ERROR = "_OTHER";

/**
 * Metrics of a run; 1.41 has none. From model/gen-ai/metrics.yaml at 066d4a7f356f8600de6f10c42874626ab88692fb, with the
 * boundaries of docs/gen-ai/gen-ai-metrics.md at 2781a13695bc559cab7e722a7b15c6edb15d1534.
 */
export const INVOKE_AGENT_DURATION = {
  name: "gen_ai.invoke_agent.duration",
  unit: "s",
  description: "The duration of a run, from its start to its end.",
  boundaries: [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 51.2, 102.4, 204.8, 409.6],
} as const;
export const INVOKE_AGENT_INFERENCE_CALLS = {
  name: "gen_ai.invoke_agent.inference_calls",
  unit: "{inference_call}",
  description: "The number of calls of a model in a run.",
  boundaries: [1, 2, 4, 8, 16, 32, 64, 128],
} as const;

/**
 * Counters of the tokens of model calls; 1.41 has none. From model/gen-ai/token-metrics.yaml at
 * 066d4a7f356f8600de6f10c42874626ab88692fb. Input includes cache reads and writes.
 */
export const INFERENCE_USAGE = {
  input: "gen_ai.client.inference.usage.input_tokens",
  output: "gen_ai.client.inference.usage.output_tokens",
  cacheRead: "gen_ai.client.inference.usage.cache_read.input_tokens",
  cacheWrite: "gen_ai.client.inference.usage.cache_write.input_tokens",
} as const;
/** Required by these counters: text, images and so on. A record does not distinguish them. */
export const TOKEN_MODALITY = "gen_ai.token.modality";
export const UNKNOWN_MODALITY = "unknown";

/**
 * Our own names, where the conventions have none. Those of the cost correspond one to one to the proposed
 * `gen_ai.usage.cost.*`: https://github.com/open-telemetry/semantic-conventions-genai/pull/443
 */
export const RUNLEDGER = {
  costAmount: "runledger.cost.amount",
  costCurrency: "runledger.cost.currency",
  costSource: "runledger.cost.source",
  conclusion: "runledger.execution.conclusion",
  executionId: "runledger.execution.id",
  turns: "runledger.execution.turns",
  repo: "runledger.repo",
  pullRequest: "runledger.pr.number",
  delivery: "runledger.delivery.id",
  eventType: "runledger.event.type",
  tokenClass: "runledger.token.class",
} as const;

/** What `OTEL_SEMCONV_STABILITY_OPT_IN` lists to ask for the latest conventions. Both conventions define it. */
const LATEST_OPT_IN = "gen_ai_latest_experimental";

/** The conventions that the environment asks for. */
export function conventionsOf(environment: Readonly<Record<string, string | undefined>>): Conventions {
  const optedIn = environment["OTEL_SEMCONV_STABILITY_OPT_IN"]?.split(",").map((name) => name.trim());
  return optedIn?.includes(LATEST_OPT_IN) ? "latest" : "1.41";
}
