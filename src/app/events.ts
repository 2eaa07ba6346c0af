import type { TelemetryRecord } from "../record/types";

/** Payload of `"execution:completed"`: one finished LLM or agent run. */
export type ExecutionCompleted = TelemetryRecord;

/** The events of every app. Users add their own by `createApp<MyEvents>()`. */
export type AppEvents = {
  "execution:completed": ExecutionCompleted;
};
