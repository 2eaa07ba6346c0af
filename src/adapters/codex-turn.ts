import type { TelemetryRecord } from "../record/types";
import { usageFields } from "./by-model";
import type { RunContext } from "./context";
import { type InclusiveUsage, knownUsage, tokenFields, usageBeyond } from "./inclusive-usage";
import { countOf, notA, objectOf } from "./read";

export interface CodexTurnOptions {
  /** The latest turn of the same thread that has usage, even one of an earlier process. Default: none. */
  readonly previous?: object | null | undefined;
  /** The thread, which no turn names: the `sessionId` of the record. */
  readonly threadId?: string | undefined;
}

/**
 * The record of a turn of Codex: what `thread.run()` of its SDK returns, or the event `turn.completed` or
 * `turn.failed`, also of `codex exec --json`. The usage of a turn is the total of its thread so far, also of a resumed
 * one; `previous` is subtracted. Its input includes what was read from the cache and written to it, which is taken
 * out; its output includes reasoning. It says no cost, and no model: give it in the context.
 *
 * @throws {RunledgerError} `INVALID_RECORD` for what is no turn.
 * @see https://github.com/openai/codex/blob/main/codex-rs/exec/src/event_processor_with_jsonl_output.rs
 */
export function fromCodexTurn(
  turn: object,
  context: RunContext,
  { previous, threadId }: CodexTurnOptions = {},
): TelemetryRecord {
  assertTurn(turn);
  if (previous != null) assertTurn(previous);
  const used = tokenFields(usedSince(totalOf(turn), previous == null ? undefined : totalOf(previous)));
  return {
    ...usageFields([{ model: context.model ?? "unknown", ...used, areSeveral: true }], context),
    conclusion: objectOf(turn)["type"] === "turn.failed" ? "error" : "success",
    sessionId: threadId,
  };
}

function assertTurn(value: object): void {
  const { type, items } = objectOf(value);
  const isTurn = type === undefined ? Array.isArray(items) : ENDS.has(type);
  if (!isTurn) throw notA("a turn of Codex, or its event turn.completed or turn.failed", value);
}

const ENDS = new Set<unknown>(["turn.completed", "turn.failed"]);

function totalOf(turn: object): InclusiveUsage {
  const usage = objectOf(objectOf(turn)["usage"]);
  return knownUsage({
    input: countOf(usage["input_tokens"]),
    read: countOf(usage["cached_input_tokens"]),
    written: countOf(usage["cache_write_input_tokens"]),
    output: countOf(usage["output_tokens"]),
  });
}

/** What a turn used. A count that would fall below zero tells that the total began anew. */
function usedSince(now: InclusiveUsage, before: InclusiveUsage | undefined): InclusiveUsage {
  if (before?.input === undefined) return now;
  const used = usageBeyond(now, before);
  return Object.values(used).some((count) => count !== undefined && count < 0) ? now : used;
}
