import type { PriceList } from "../prices/price-list";
import type { ExecutionFields } from "../record/types";

/** What a result doesn't tell about its run. */
export type RunContext = Pick<
  ExecutionFields,
  "repo" | "eventType" | "deliveryId" | "prNumber" | "completedAt" | "labels" | "durationMs"
> & {
  /** The model, where a result names none. Default `unknown`. */
  readonly model?: string | undefined;
  /**
   * Estimates the cost of results that have none, request by request, as far as a result tells them apart. Default:
   * such a cost is unknown.
   */
  readonly prices?: PriceList | undefined;
  /** Who served it, where a result doesn't say. Default: as the model's name says. */
  readonly provider?: string | undefined;
};

/** The fields of a record that are known before its result is read; the model as the result names it. */
export function contextFields({ prices: _, ...context }: RunContext, model: string | undefined) {
  return { ...context, model: model ?? context.model ?? "unknown" };
}
