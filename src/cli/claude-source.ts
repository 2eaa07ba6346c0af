import { ClaudeRun } from "../adapters/claude-stream";
import type { RunContext } from "../adapters/context";
import type { TelemetryRecord } from "../record/types";

/** Matches the beginning of a result, to recognise one that was cut off. */
const IS_OF_RESULT = /"type"\s*:\s*"result"|"total_cost_usd"\s*:/;

/**
 * Reads the results from a log of Claude Code or the Agent SDK, text by text: the results of one session are running
 * totals. Other texts are skipped; a result that was cut off stays text, so that it is rejected.
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
