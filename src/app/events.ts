import type { TelemetryRecord } from "../record/types";

/** Payload of `"execution:completed"`: one finished LLM or agent run. */
export type ExecutionCompleted = TelemetryRecord;

/** Payload of `"budget:threshold"` and `"budget:exceeded"`: where a budget stands. Ready for JSON. */
export interface BudgetAlert {
  /** The deduplication key: it stays the same if the alert is sent again, for example after a crash. */
  readonly id: string;
  /** The name of the budget. */
  readonly budget: string;
  /** For a budget with `each`, the value that the alert is about; otherwise `null`. */
  readonly value: string | null;
  /** The share of the limit that was reached, as listed in `alertAt`; 1 for `"budget:exceeded"`. */
  readonly share: number;
  readonly spentUsd: number;
  readonly limitUsd: number;
  readonly per: "day" | "week" | "month" | "execution";
  /** ISO 8601, half-open; both are `null` for a budget per execution. */
  readonly period: { readonly since: string | null; readonly until: string | null };
  /** For a budget per execution, the execution; otherwise `null`. */
  readonly executionId: string | null;
}

/** The events of every app. Applications add their own with `createApp<MyEvents>()`. */
export type AppEvents = {
  "execution:completed": ExecutionCompleted;
  /** A share of a budget's limit is spent. Emitted by the budget plugin. */
  "budget:threshold": BudgetAlert;
  /** More than a budget's limit is spent. Emitted by the budget plugin. */
  "budget:exceeded": BudgetAlert;
};
