import type { TelemetryRecord } from "./types";

const FIELDS: Readonly<Record<keyof TelemetryRecord, true>> = {
  repo: true,
  eventType: true,
  model: true,
  models: true,
  conclusion: true,
  executionId: true,
  completedAt: true,
  deliveryId: true,
  prNumber: true,
  provider: true,
  inputTokens: true,
  outputTokens: true,
  cacheReadTokens: true,
  cacheCreationTokens: true,
  durationMs: true,
  costUsd: true,
  costSource: true,
  sessionId: true,
  numTurns: true,
  stopReason: true,
  labels: true,
};

/** The fields of a {@link TelemetryRecord}. */
export const RECORD_FIELDS = Object.keys(FIELDS) as readonly (keyof TelemetryRecord)[];
