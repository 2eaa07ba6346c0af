import type { ExecutionModelRow, ExecutionRow } from "../ledger/schema";
import { parseLabels } from "../record/labels";
import { TOKENS } from "../record/models";
import type { Labels, ModelUsage, TelemetryRecord } from "../record/types";
import type { ExecutionReport, RelatedExecutions } from "./one-execution";

type PrintedField = keyof TelemetryRecord | "id" | "usageSource" | "costSource";

/** The printed fields of an execution, in this order; `null` is unknown. */
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
  "labels",
  "models",
] as const satisfies readonly PrintedField[];

/** An execution as it is printed; `null` is unknown. */
export type PrintedExecution = Readonly<
  Record<Exclude<PrintedField, "labels" | "models">, string | number | null>
> & {
  readonly labels: Labels | null;
  /** What each model used, if there were several. */
  readonly models: readonly PrintedModel[] | null;
};

/** One of several models of an execution, as it is printed. */
export type PrintedModel = Readonly<
  Record<Exclude<keyof ModelUsage, "costSource">, string | number | null>
> & {
  readonly costSource: "reported" | "estimated" | "unknown";
};

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
    labels: parseLabels(row.labels),
    models: row.models?.map(printedModel) ?? null,
  };
}

function printedModel(row: ExecutionModelRow): PrintedModel {
  return {
    model: row.model,
    provider: row.provider,
    inputTokens: row.input_tokens,
    outputTokens: row.output_tokens,
    cacheReadTokens: row.cache_read_tokens,
    cacheCreationTokens: row.cache_creation_tokens,
    costUsd: row.cost_usd,
    costSource: row.cost_source,
  };
}

/** Everything about one execution, as `runledger show --json` prints it. */
export interface PrintedExecutionReport {
  readonly schema: "runledger.execution/1";
  readonly execution: PrintedExecution;
  readonly session: PrintedRelated | null;
  readonly pullRequest: PrintedRelated | null;
}

/** The other executions of a session or a pull request. */
export interface PrintedRelated extends Omit<RelatedExecutions, "latest"> {
  readonly latest: readonly PrintedExecution[];
}

export function printedExecutionReport({
  execution,
  session,
  pullRequest,
}: ExecutionReport): PrintedExecutionReport {
  const others = (related: RelatedExecutions | null): PrintedRelated | null =>
    related && { ...related, latest: related.latest.map(printedExecution) };
  return {
    schema: "runledger.execution/1",
    execution: printedExecution(execution),
    session: others(session),
    pullRequest: others(pullRequest),
  };
}

/** An execution as a record. Recorded in another ledger, it gives the same row. Unknown values are left out. */
export function recordOf(row: ExecutionRow): Partial<TelemetryRecord> {
  const { id, usageSource, costSource, models, ...fields } = printedExecution(row);
  // The row has 0 for an unknown count; the models tell whether it is unknown.
  const unknown = TOKENS.filter((name) => models?.every((model) => model[name] === null));
  return withoutUnknown({
    ...fields,
    ...Object.fromEntries(unknown.map((name) => [name, null])),
    costSource: costSource === "estimated" ? costSource : null,
    models: models?.map((model) => withoutUnknown({ ...model, costSource: knownSource(model) })) ?? null,
  }) as Partial<TelemetryRecord>;
}

function knownSource({ costSource }: PrintedModel): string | null {
  return costSource === "unknown" ? null : costSource;
}

function withoutUnknown<Fields extends object>(fields: Fields): Partial<Fields> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null)) as Partial<Fields>;
}

/** A stored time as ISO 8601. A value of another program that isn't a time is returned as it is. */
export function toIsoTime(ledgerTime: string): string {
  const [, day, time, fraction = ".000"] = LEDGER_TIME.exec(ledgerTime) ?? [];
  return day === undefined ? `${ledgerTime}` : `${day}T${time}${fraction}Z`;
}
