/** Where an amount in US dollars comes from: the provider, or a price list. */
export type CostSource = "reported" | "estimated";

/** What a run, or one of its models, used. Leave out what you don't know: unknown is not zero. */
export interface AmountsUsed {
  /** Tokens of uncached input, an integer. */
  inputTokens?: number | null | undefined;
  /** Tokens of output, an integer. */
  outputTokens?: number | null | undefined;
  /** Input tokens read from the prompt cache, an integer. */
  cacheReadTokens?: number | null | undefined;
  /** Input tokens written to the prompt cache, an integer. */
  cacheCreationTokens?: number | null | undefined;
  /** Cost in US dollars. */
  costUsd?: number | null | undefined;
  /** Whether `costUsd` was reported by the provider or computed from a price list. Default `reported`. */
  costSource?: CostSource | null | undefined;
}

/** What one model of a run used. */
export interface ModelUsage extends AmountsUsed {
  /** Model name as the provider reports it. Not empty. */
  model: string;
  /** Who served the model. Default: the record's provider, else inferred from the model's name. */
  provider?: string | null | undefined;
}

/**
 * One finished LLM or agent execution: the payload of `"execution:completed"`.
 *
 * Token counts are disjoint: `inputTokens` excludes cached input, which `cacheReadTokens` and
 * `cacheCreationTokens` count. Leave out what you don't know: unknown is not zero, and `null` means unknown too.
 * Unknown keys are ignored.
 */
export type TelemetryRecord = ExecutionFields & (OneModel | SeveralModels);

/** The model of a run. */
export interface OneModel {
  /** Model name as the provider reports it. Not empty. */
  model: string;
  models?: readonly ModelUsage[] | null | undefined;
}

/** The models of a run that used several. */
export interface SeveralModels {
  /** The main model. Default: the costliest of `models`, then the one with most output. */
  model?: string | null | undefined;
  /**
   * What each model used, at most 100. Tokens and cost count under their own model, the run under the main one. The
   * record's own tokens and cost are then the sums, and may be left out.
   */
  models: readonly ModelUsage[];
}

/** All fields of a {@link TelemetryRecord} except the models. */
export interface ExecutionFields extends AmountsUsed {
  /** Repository the run worked on, such as `octo-org/octo-repo`. Not empty. */
  repo: string;
  /** What started the run, such as `pull_request.opened`. Not empty. */
  eventType: string;
  /** How the run ended, such as `success`, `failure` or `error`. Not empty. */
  conclusion: string;

  /** Identity of this execution: recording it twice stores it once. Default: a UUIDv7, assigned at `emit`. */
  executionId?: string | null | undefined;
  /**
   * When the run ended: a `Date`, epoch milliseconds, or ISO 8601 text with an offset (`Z`, `+02:00`).
   * Kept to the millisecond, in UTC. Default: the time of `emit`.
   */
  completedAt?: Date | number | string | null | undefined;

  /** Identity of the webhook delivery; a redelivery that runs again is another execution. */
  deliveryId?: string | null | undefined;
  /** Pull request or issue number, an integer. */
  prNumber?: number | null | undefined;
  /** Who served the model. Default: inferred from the model's name, else `anthropic`. See docs/record.md. */
  provider?: string | null | undefined;
  /** Wall time in milliseconds, rounded to the nearest one, at least 1. Default 0 in the row: unknown. */
  durationMs?: number | null | undefined;
  /** Identity of the agent session. */
  sessionId?: string | null | undefined;
  /** Agent turns, an integer. Default null in the row: unknown. */
  numTurns?: number | null | undefined;
  /** Why generation stopped, such as `end_turn` or `max_tokens`. */
  stopReason?: string | null | undefined;
  /** Who and what caused the run. Default null in the row: none. */
  labels?: Labels | null | undefined;
}

/**
 * Who and what caused a run, in the application's own terms: `{ team: "core", prompt: "review-v3" }`. At most 8, plus
 * `service_tier`, which adapters add. A key has up to 32 lower-case letters, digits and underscores, and begins with a
 * letter; a value has 1 to 200 characters.
 */
export type Labels = Readonly<Record<string, string>>;

/** Why something is in the `incidents` table instead of, or besides, `executions`. */
export type IncidentKind = "rejected" | "dropped" | "spilled" | "degraded";

/** Something that a person should look at, most often an event that could not be stored as it came. */
export interface Incident {
  readonly kind: IncidentKind;
  readonly reason: string;
  /** How many events it concerns. Default 1. */
  readonly count?: number;
  /** The event as it came, as JSON if possible, else as text. */
  readonly payload?: string | undefined;
}
