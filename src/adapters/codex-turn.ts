import type { TelemetryRecord } from "../record/types";
import { usageFields } from "./by-model";
import type { RunContext } from "./context";
import { type InclusiveUsage, knownUsage, tokenFields, usageBeyond } from "./inclusive-usage";
import { countOf, notA, objectOf } from "./read";

export interface CodexTurnOptions {
  /** The latest turn of the same thread that has usage, even if it ran in an earlier process. Default: none. */
  readonly previous?: object | null | undefined;
  /** The thread's id, which becomes the record's `sessionId`. A turn doesn't name its thread. */
  readonly threadId?: string | undefined;
}

/**
 * The record of a Codex turn: what `thread.run()` of its SDK returns, or the event `turn.completed` or `turn.failed`,
 * also from `codex exec --json`. The usage of a turn is the total of its thread so far, even if the thread was resumed;
 * `previous` is subtracted. Cache reads and writes are part of its input, and are subtracted too; its output includes
 * reasoning. A turn has no cost and no model: pass the model in the context.
 *
 * @throws {RunledgerError} `INVALID_RECORD` if it isn't a turn.
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

/** What a turn used. If a count would fall below zero, the total was reset. */
function usedSince(now: InclusiveUsage, before: InclusiveUsage | undefined): InclusiveUsage {
  if (before?.input === undefined) return now;
  const used = usageBeyond(now, before);
  return Object.values(used).some((count) => count !== undefined && count < 0) ? now : used;
}
