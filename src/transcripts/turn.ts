import { type ModelRequest, usageFields } from "../adapters/by-model";
import { contextFields, type RunContext } from "../adapters/context";
import type { TelemetryRecord } from "../record/types";

/** A request that a transcript tells of. */
export type TurnRequest = ModelRequest & { readonly atMs: number };

/** A prompt, and all that was written until the next one. */
export interface Turn {
  /** Made of what the transcript calls the prompt: the same in every copy of it. */
  readonly id: string;
  readonly sessionId: string | undefined;
  /** The folder that the agent worked in. */
  readonly cwd: string | undefined;
  readonly branch: string | undefined;
  /** The address of the folder's git remote, where the transcript says it. */
  readonly remoteUrl?: string | undefined;
  /** The model that it would have used, where no request was answered. */
  readonly model: string | undefined;
  /** The file and line where it begins. */
  readonly name: string;
  readonly line: number;
  /** When its rows were written, in epoch milliseconds, in no order. */
  readonly timesMs: number[];
  /** In no order. */
  readonly requests: TurnRequest[];
  /** What cut it short. */
  readonly failures: { readonly atMs: number; readonly conclusion: "aborted" | "error" }[];
  /** The earliest time of rows that may be added, in epoch milliseconds; `Infinity` when it is over. */
  openFromMs: number;
}

/** The model of a request that names none. */
export const UNKNOWN_MODEL = "unknown";

/** What of a turn became records. */
export interface TurnRecords {
  readonly records: readonly TelemetryRecord[];
  /** Whether a part of it waits. */
  readonly isOpen: boolean;
}

/**
 * What is written after so long a pause is an execution of its own: the part before it may have been recorded already,
 * and an execution that was recorded never changes.
 */
export const PAUSE_MS = 3_600_000;

/**
 * The records of a turn: one, or one for each part between pauses of {@link PAUSE_MS}. A part without a request is
 * none, unless it ended in an error of the API, which cost nothing.
 *
 * @param context What the transcript doesn't say; its `model` is for requests that name none.
 */
export function recordsOf(turn: Turn, context: RunContext): TurnRecords {
  const parts = partsOf(turn);
  const closed = parts.filter(({ endMs }) => endMs < turn.openFromMs);
  return {
    records: closed.flatMap((part, index) => recordOf(turn, part, index === 0, context)),
    isOpen: closed.length < parts.length,
  };
}

/** A stretch of a turn without a long pause. */
interface Part extends Pick<Turn, "requests" | "failures"> {
  readonly startMs: number;
  readonly endMs: number;
}

function partsOf({ timesMs, requests, failures }: Turn): Part[] {
  const times = Float64Array.from(timesMs).sort();
  const spans: { startMs: number; endMs: number }[] = [];
  for (const atMs of times) {
    const last = spans.at(-1);
    if (last !== undefined && atMs - last.endMs < PAUSE_MS) last.endMs = atMs;
    else spans.push({ startMs: atMs, endMs: atMs });
  }
  const byTime = requests.toSorted((a, b) => a.atMs - b.atMs);
  return spans.map((span) => {
    const isWithin = ({ atMs }: { readonly atMs: number }) => atMs >= span.startMs && atMs <= span.endMs;
    return { ...span, requests: byTime.filter(isWithin), failures: failures.filter(isWithin) };
  });
}

function recordOf(turn: Turn, part: Part, isFirst: boolean, context: RunContext): TelemetryRecord[] {
  const { requests, startMs, endMs } = part;
  const conclusion = conclusionOf(part);
  if (requests.length === 0 && conclusion !== "error") return [];
  const fields = {
    conclusion,
    executionId: isFirst ? turn.id : `${turn.id}/${new Date(startMs).toISOString()}`,
    sessionId: turn.sessionId,
    numTurns: requests.length,
  };
  const known = { ...context, completedAt: endMs, durationMs: endMs - startMs };
  const fallback = context.model ?? UNKNOWN_MODEL;
  const named = requests.map((request) =>
    request.model === UNKNOWN_MODEL ? { ...request, model: fallback } : request,
  );
  if (requests.length > 0) return [{ ...usageFields(named, known), ...fields }];
  return [{ ...contextFields(known, turn.model), ...NOTHING_USED, ...fields }];
}

const NOTHING_USED = {
  inputTokens: 0,
  outputTokens: 0,
  cacheReadTokens: 0,
  cacheCreationTokens: 0,
  costUsd: 0,
};

/** How a part ended: what happened last tells. */
function conclusionOf({ requests, failures }: Part): "success" | "aborted" | "error" {
  const last = failures.toSorted((a, b) => a.atMs - b.atMs).at(-1);
  const lastRequestMs = requests.at(-1)?.atMs ?? Number.NEGATIVE_INFINITY;
  return last === undefined || last.atMs < lastRequestMs ? "success" : last.conclusion;
}
