import { areLabels } from "./labels";
import { areSeconds, LATEST_MS } from "./time";
import type { TelemetryRecord } from "./types";

/**
 * Fast path of validation: whether every field has the right type and the time is in epoch milliseconds. It takes a
 * hundredth of the schema's time. The schema decides about all other records and says what is wrong with them.
 */
export function isPlainRecord(record: TelemetryRecord): boolean {
  return (record.completedAt == null || isEpochMs(record.completedAt)) && hasPlainFields(record);
}

/** The same for all fields but the time. */
export function hasPlainFields(record: TelemetryRecord): boolean {
  return (
    isName(record.repo) &&
    isName(record.eventType) &&
    isName(record.model) &&
    record.models == null &&
    isName(record.conclusion) &&
    (record.executionId == null || isName(record.executionId)) &&
    (record.provider == null || isName(record.provider)) &&
    isText(record.deliveryId) &&
    isText(record.sessionId) &&
    isText(record.stopReason) &&
    isCount(record.prNumber) &&
    isCount(record.inputTokens) &&
    isCount(record.outputTokens) &&
    isCount(record.cacheReadTokens) &&
    isCount(record.cacheCreationTokens) &&
    isCount(record.numTurns) &&
    isAmount(record.durationMs) &&
    (record.durationMs ?? 0) <= Number.MAX_SAFE_INTEGER &&
    isAmount(record.costUsd) &&
    (record.labels == null || areLabels(record.labels)) &&
    (record.costSource == null || record.costSource === "reported" || record.costSource === "estimated")
  );
}

function isName(value: unknown): boolean {
  return typeof value === "string" && value !== "";
}

function isText(value: unknown): boolean {
  return value == null || typeof value === "string";
}

function isCount(value: number | null | undefined): boolean {
  return value == null || (Number.isSafeInteger(value) && value >= 0);
}

function isAmount(value: number | null | undefined): boolean {
  return value == null || (Number.isFinite(value) && value >= 0);
}

function isEpochMs(value: unknown): boolean {
  const epochMs = value as number;
  return Number.isSafeInteger(value) && epochMs >= 0 && epochMs <= LATEST_MS && !areSeconds(epochMs);
}
