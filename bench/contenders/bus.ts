import mitt from "mitt";
import type { AppEvents } from "../../src/app/events";
import type { TelemetryRecord } from "../../src/record/types";

/** A bus with one handler, or none; returns its `emit`. */
export function busWith(handler?: (event: TelemetryRecord) => void): (event: TelemetryRecord) => void {
  const emitter = mitt<AppEvents>();
  if (handler !== undefined) emitter.on("execution:completed", handler);
  return (event) => emitter.emit("execution:completed", event);
}
