import { labelsText } from "../record/labels";
import type { UsedModel, ValidRecord } from "../record/models";
import { providerOf } from "../record/provider";
import { toLedgerTime } from "../record/time";
import type { TelemetryRecord } from "../record/types";
import { validate } from "../record/validate";
import type { ExecutionModelRow, NewExecutionRow } from "./schema";

/**
 * Validates a record and returns its row with defaults filled in.
 *
 * @param name What the error calls the record.
 * @throws {RunledgerError} `INVALID_RECORD`, naming each field that is wrong, what it must be and what it is.
 */
export function toExecutionRow(entry: TelemetryRecord, name = "record"): NewExecutionRow {
  return toRow(validate(entry, name));
}

function toRow(record: ValidRecord): NewExecutionRow {
  const isUsageKnown =
    (record.inputTokens ?? record.outputTokens ?? record.cacheReadTokens ?? record.cacheCreationTokens) !=
      null && record.isUsagePartial !== true;
  const isCostKnown = record.costUsd != null && record.isCostPartial !== true;
  const executionId = record.executionId ?? Bun.randomUUIDv7();
  const row: NewExecutionRow = {
    created_at: toLedgerTime(record.completedAt ?? Date.now()),
    delivery_id: record.deliveryId ?? null,
    repo: record.repo,
    pr_number: record.prNumber ?? null,
    event_type: record.eventType,
    provider: record.provider ?? providerOf(record.model),
    model: record.model,
    input_tokens: record.inputTokens ?? 0,
    output_tokens: record.outputTokens ?? 0,
    cache_read_tokens: record.cacheReadTokens ?? 0,
    cache_creation_tokens: record.cacheCreationTokens ?? 0,
    // Other programs store 0 for an unknown duration.
    duration_ms: record.durationMs == null ? 0 : Math.max(1, Math.round(record.durationMs)),
    // Turns -0 into 0.
    cost_usd: (record.costUsd ?? 0) + 0,
    conclusion: record.conclusion,
    session_id: record.sessionId ?? null,
    num_turns: record.numTurns ?? null,
    stop_reason: record.stopReason ?? null,
    execution_id: executionId,
    usage_source: isUsageKnown ? "reported" : "unknown",
    cost_source: isCostKnown ? (record.costSource ?? "reported") : "unknown",
    labels: labelsText(record.labels),
  };
  return record.models == null
    ? row
    : { ...row, models: record.models.map((used) => toModelRow(executionId, used)) };
}

function toModelRow(executionId: string, used: UsedModel): ExecutionModelRow {
  return {
    execution_id: executionId,
    provider: used.provider,
    model: used.model,
    input_tokens: used.inputTokens ?? null,
    output_tokens: used.outputTokens ?? null,
    cache_read_tokens: used.cacheReadTokens ?? null,
    cache_creation_tokens: used.cacheCreationTokens ?? null,
    // Turns -0 into 0.
    cost_usd: used.costUsd === undefined ? null : used.costUsd + 0,
    cost_source: used.costUsd === undefined ? "unknown" : used.costSource,
  };
}
