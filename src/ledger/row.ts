import { providerOf } from "../record/provider";
import type { ValidRecord } from "../record/schema";
import { toLedgerTime } from "../record/time";
import type { TelemetryRecord } from "../record/types";
import { validate } from "../record/validate";
import type { NewExecutionRow } from "./schema";

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
  const usageIsKnown =
    (record.inputTokens ?? record.outputTokens ?? record.cacheReadTokens ?? record.cacheCreationTokens) !=
    null;
  return {
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
    execution_id: record.executionId ?? Bun.randomUUIDv7(),
    usage_source: usageIsKnown ? "reported" : "unknown",
    cost_source: record.costUsd == null ? "unknown" : (record.costSource ?? "reported"),
  };
}
