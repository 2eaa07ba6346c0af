import type { TelemetryRecord } from "../record/types";

/** Payload of `"execution:completed"`: one finished LLM or agent run. */
export type ExecutionCompleted = TelemetryRecord;

/** Payload of `"budget:threshold"` and `"budget:exceeded"`: where a budget stands. Ready for JSON. */
export interface BudgetAlert {
  /** The same whenever the same alert is told again, as after a crash. */
  readonly id: string;
  /** The name of the budget. */
  readonly budget: string;
  /** Of a budget with `each`, the value that it is about; else `null`. */
  readonly value: string | null;
  /** The share of the limit that was reached, as `alertAt` has it; of `"budget:exceeded"` 1. */
  readonly share: number;
  readonly spentUsd: number;
  readonly limitUsd: number;
  readonly per: "day" | "week" | "month" | "execution";
  /** ISO 8601, half-open; of a budget per execution both are `null`. */
  readonly period: { readonly since: string | null; readonly until: string | null };
  /** Of a budget per execution, which one; else `null`. */
  readonly executionId: string | null;
}

/** The events of every app. Users add their own by `createApp<MyEvents>()`. */
export type AppEvents = {
  "execution:completed": ExecutionCompleted;
  /** A share of a budget's limit is spent. Emitted by the budget plugin. */
  "budget:threshold": BudgetAlert;
  /** More than a budget's limit is spent. Emitted by the budget plugin. */
  "budget:exceeded": BudgetAlert;
};
