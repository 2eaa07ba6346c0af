import type { ExecutionRow } from "../ledger/schema";
import type { TelemetryRecord } from "../record/types";

type PrintedField = keyof TelemetryRecord | "id" | "usageSource" | "costSource";

/** All that is printed of an execution, in this order; `null` is unknown. */
export const PRINTED_FIELDS = [
  "id",
  "executionId",
  "completedAt",
  "repo",
  "prNumber",
  "eventType",
  "provider",
  "model",
  "conclusion",
  "inputTokens",
  "outputTokens",
  "cacheReadTokens",
  "cacheCreationTokens",
  "usageSource",
  "costUsd",
  "costSource",
  "durationMs",
  "numTurns",
  "stopReason",
  "sessionId",
  "deliveryId",
] as const satisfies readonly PrintedField[];

/** An execution as it is printed; `null` is unknown. */
export type PrintedExecution = Readonly<Record<PrintedField, string | number | null>>;

const LEDGER_TIME = /^(\d{4}-\d{2}-\d{2}) (\d{2}:\d{2}:\d{2})(\.\d{3})?$/;

export function printedExecution(row: ExecutionRow): PrintedExecution {
  const usageIsKnown = row.usage_source !== "unknown";
  return {
    id: row.id,
    executionId: row.execution_id,
    completedAt: toIsoTime(row.created_at),
    repo: row.repo,
    prNumber: row.pr_number,
    eventType: row.event_type,
    provider: row.provider,
    model: row.model,
    conclusion: row.conclusion,
    inputTokens: usageIsKnown ? row.input_tokens : null,
    outputTokens: usageIsKnown ? row.output_tokens : null,
    cacheReadTokens: usageIsKnown ? row.cache_read_tokens : null,
    cacheCreationTokens: usageIsKnown ? row.cache_creation_tokens : null,
    usageSource: row.usage_source,
    costUsd: row.cost_source === "unknown" ? null : row.cost_usd,
    costSource: row.cost_source,
    durationMs: row.duration_ms === 0 ? null : row.duration_ms,
    numTurns: row.num_turns,
    stopReason: row.stop_reason,
    sessionId: row.session_id,
    deliveryId: row.delivery_id,
  };
}

/** An execution as a record that, recorded in another ledger, gives the same row; what is unknown is left out. */
export function recordOf(row: ExecutionRow): Partial<TelemetryRecord> {
  const { id, usageSource, costSource, ...fields } = printedExecution(row);
  const known = Object.entries({ ...fields, costSource: costSource === "estimated" ? costSource : null });
  return Object.fromEntries(known.filter(([, value]) => value !== null));
}

/** A stored time as ISO 8601; what another program stored otherwise, as it is. */
export function toIsoTime(ledgerTime: string): string {
  const [, day, time, fraction = ".000"] = LEDGER_TIME.exec(ledgerTime) ?? [];
  return day === undefined ? `${ledgerTime}` : `${day}T${time}${fraction}Z`;
}
