import { type ModelRequest, usageFields } from "../adapters/by-model";
import { contextFields, type RunContext } from "../adapters/context";
import type { TelemetryRecord } from "../record/types";

/** A request in a transcript. */
export type TurnRequest = ModelRequest & { readonly atMs: number };

/** A prompt, and everything written until the next one. */
export interface Turn {
  /** Made from the transcript's id of the prompt, so it is the same in every copy. */
  readonly id: string;
  readonly sessionId: string | undefined;
  /** The folder that the agent worked in. */
  readonly cwd: string | undefined;
  readonly branch: string | undefined;
  /** The address of the folder's git remote, if the transcript has it. */
  readonly remoteUrl?: string | undefined;
  /** The model that it would have used, for a turn in which no request was answered. */
  readonly model: string | undefined;
  /** The file and line where it begins. */
  readonly name: string;
  readonly line: number;
  /** When its rows were written, in epoch milliseconds, unordered. */
  readonly timesMs: number[];
  /** Unordered. */
  readonly requests: TurnRequest[];
  /** What cut it short. */
  readonly failures: { readonly atMs: number; readonly conclusion: "aborted" | "error" }[];
  /** The earliest time of rows that may still be added, in epoch milliseconds; `Infinity` once the turn is over. */
  openFromMs: number;
}

/** The model of a request that doesn't name one. */
export const UNKNOWN_MODEL = "unknown";

/** The records made from a turn. */
export interface TurnRecords {
  readonly records: readonly TelemetryRecord[];
  /** Whether a part of the turn still waits to be recorded. */
  readonly isOpen: boolean;
}

/**
 * What is written after a pause of this length becomes a separate execution, because the part before it may have been
 * recorded already, and a recorded execution never changes.
 */
export const PAUSE_MS = 3_600_000;

/**
 * The records of a turn: one, or one for each part between pauses of {@link PAUSE_MS}. A part without a request makes
 * no record, unless it ended in an API error, which cost nothing.
 *
 * @param context What the transcript doesn't say. Its `model` is used for requests that don't name one.
 */
export function recordsOf(turn: Turn, context: RunContext): TurnRecords {
  const parts = partsOf(turn);
  const closed = parts.filter(({ endMs }) => endMs < turn.openFromMs);
  return {
    records: closed.flatMap((part, index) => recordOf(turn, part, index === 0, context)),
    isOpen: closed.length < parts.length,
  };
}

/** A part of a turn without a long pause. */
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

/** How a part ended: the last event decides. */
function conclusionOf({ requests, failures }: Part): "success" | "aborted" | "error" {
  const last = failures.toSorted((a, b) => a.atMs - b.atMs).at(-1);
  const lastRequestMs = requests.at(-1)?.atMs ?? Number.NEGATIVE_INFINITY;
  return last === undefined || last.atMs < lastRequestMs ? "success" : last.conclusion;
}
