import { formatJsonLine } from "../report/format/json";
import { formatCount, formatCountOf, printable } from "../report/format/values";
import type { ImportCounts } from "./importer";
import type { Progress } from "./progress";

/** How many rejections are printed one by one. */
const LISTED_REJECTIONS = 20;

const REFUSED =
  "Refused: completed before the newest execution that was purged, so perhaps counted and purged already; --beyond-retention adds them knowingly";

/** What was left out of transcripts. */
export interface LeftOut {
  /** Turns that may not be complete yet. */
  readonly open: number;
  /** Turns of sessions that were recorded by other means. */
  readonly recorded: number;
  readonly recordedSessions: number;
}

/** Prints the first rejections, and how many more there are. */
export function listRejections(progress: Progress) {
  let count = 0;
  return {
    add(reason: string): void {
      count += 1;
      if (count <= LISTED_REJECTIONS) progress.print(`${printable(reason)}\n`);
    },
    end(): void {
      const more = count - LISTED_REJECTIONS;
      if (more > 0) progress.print(`and ${formatCount(more)} more: see runledger incidents\n`);
    },
  };
}

/** The outcome of an import: lines, or one JSON object. */
export function summaryOf(
  counts: ImportCounts,
  { json, dryRun }: { readonly json?: true; readonly dryRun?: true },
  leftOut?: LeftOut,
): string {
  if (json === true) return formatJsonLine({ ...counts, ...leftOut });
  const { read, written, duplicates, rejected, refused, undated } = counts;
  const outcomes = [
    `${formatCount(written)} ${dryRun === true ? "valid" : "written"}`,
    ...(dryRun === true ? [] : [`${formatCount(duplicates)} duplicates`]),
    `${formatCount(rejected)} rejected`,
    ...(refused > 0 ? [`${formatCount(refused)} refused`] : []),
  ];
  const lines = [
    `${formatCount(read)} read: ${outcomes.join(", ")}`,
    ...(refused > 0 ? [REFUSED] : []),
    ...(undated > 0
      ? [`${formatCount(undated)} without completedAt: dated at the time of their first import`]
      : []),
    ...(leftOut === undefined ? [] : linesOf(leftOut)),
    ...(dryRun === true ? ["Nothing was written."] : []),
  ];
  return lines.map((line) => `${line}\n`).join("");
}

function linesOf({ open, recorded, recordedSessions }: LeftOut): string[] {
  const ofSessions = `${formatCountOf(recorded, "turn")} of ${formatCountOf(recordedSessions, "session")}`;
  return [
    ...(open > 0 ? [`${formatCountOf(open, "turn")} still open: left to a later import`] : []),
    ...(recorded > 0 ? [`${ofSessions} recorded already: left out without --include-recorded`] : []),
  ];
}
