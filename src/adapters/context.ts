import type { PriceList } from "../prices/price-list";
import type { ExecutionFields } from "../record/types";

/** What a result doesn't say about its run. */
export type RunContext = Pick<
  ExecutionFields,
  "repo" | "eventType" | "deliveryId" | "prNumber" | "completedAt" | "labels" | "durationMs"
> & {
  /** The model, if a result names none. Default `unknown`. */
  readonly model?: string | undefined;
  /**
   * Estimates the cost of results that have none, request by request if the result tells them apart. Default: such a
   * cost is unknown.
   */
  readonly prices?: PriceList | undefined;
  /** Who served it, if a result doesn't say. Default: inferred from the model's name. */
  readonly provider?: string | undefined;
};

/** The fields of a record that don't depend on its result, and the model that the result names. */
export function contextFields({ prices: _, ...context }: RunContext, model: string | undefined) {
  return { ...context, model: model ?? context.model ?? "unknown" };
}
