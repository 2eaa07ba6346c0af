import type { ExecutionFields } from "../record/types";

/** What a result doesn't tell about its run. */
export type RunContext = Pick<
  ExecutionFields,
  "repo" | "eventType" | "deliveryId" | "prNumber" | "completedAt" | "labels"
> & {
  /** The model, where a result names none. Default `unknown`. */
  readonly model?: string | undefined;
};
