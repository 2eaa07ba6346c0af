import { ClaudeRun } from "../adapters/claude-stream";
import type { RunContext } from "../adapters/context";
import type { TelemetryRecord } from "../record/types";

/** What a text that was cut shows of a result. */
const IS_OF_RESULT = /"type"\s*:\s*"result"|"total_cost_usd"\s*:/;

/**
 * Reads the results out of a log of Claude Code or the Agent SDK, text by text: results of one session are running
 * totals. What is no result is passed over; a result that was cut stays text, to be rejected.
 */
export function readClaudeLog(
  context: RunContext,
): (text: string) => Partial<TelemetryRecord> | string | undefined {
  const run = new ClaudeRun(context);
  return (text) => {
    try {
      // A program that logs lines may put a time in front.
      return run.see(JSON.parse(text.slice(text.indexOf("{"))));
    } catch {
      return IS_OF_RESULT.test(text) ? text : undefined;
    }
  };
}
