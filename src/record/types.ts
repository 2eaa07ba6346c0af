/**
 * One finished LLM or agent execution: the payload of `"execution:completed"`.
 *
 * Token counts are disjoint: `inputTokens` excludes cached input, which `cacheReadTokens` and
 * `cacheCreationTokens` count. Leave out what you don't know: unknown is not zero, and `null` means unknown too.
 * Unknown keys are ignored.
 */
export interface TelemetryRecord {
  /** Repository the run worked on, such as `octo-org/octo-repo`. Not empty. */
  repo: string;
  /** What started the run, such as `pull_request.opened`. Not empty. */
  eventType: string;
  /** Model name as the provider reports it. Not empty. */
  model: string;
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
  /** Who served the model. Default: as the name of the model says, else `anthropic`. See docs/record.md. */
  provider?: string | null | undefined;
  /** Tokens of uncached input, an integer. Default 0 in the row. */
  inputTokens?: number | null | undefined;
  /** Tokens of output, an integer. Default 0 in the row. */
  outputTokens?: number | null | undefined;
  /** Input tokens read from the prompt cache, an integer. Default 0 in the row. */
  cacheReadTokens?: number | null | undefined;
  /** Input tokens written to the prompt cache, an integer. Default 0 in the row. */
  cacheCreationTokens?: number | null | undefined;
  /** Wall time in milliseconds, rounded to the nearest one, at least 1. Default 0 in the row: unknown. */
  durationMs?: number | null | undefined;
  /** Cost in US dollars. Default 0 in the row. */
  costUsd?: number | null | undefined;
  /** Whether `costUsd` was reported by the provider or computed from a price list. Default `reported`. */
  costSource?: "reported" | "estimated" | null | undefined;
  /** Identity of the agent session. */
  sessionId?: string | null | undefined;
  /** Agent turns, an integer. Default null in the row: unknown. */
  numTurns?: number | null | undefined;
  /** Why generation stopped, such as `end_turn` or `max_tokens`. */
  stopReason?: string | null | undefined;
}

/** Why something is in the `incidents` table instead of, or besides, `executions`. */
export type IncidentKind = "rejected" | "dropped" | "spilled" | "degraded";

/** Something that a person should look at: above all an event that could not be stored as it came. */
export interface Incident {
  readonly kind: IncidentKind;
  readonly reason: string;
  /** How many events it concerns. Default 1. */
  readonly count?: number;
  /** The event as it came, as JSON where it can be, else as text. */
  readonly payload?: string | undefined;
}
