import type { PrintedExecution } from "../../report/execution-record";
import { formatCount, formatDuration } from "../../report/format/values";
import { money, orUnknown, UNKNOWN } from "./figures";
import { timeIn } from "./state";

/** A column of the table of executions. */
export interface Column {
  readonly key: string;
  readonly header: string;
  readonly isNumber?: true;
  readonly text: (execution: PrintedExecution, timeZone: string) => string;
  readonly className?: (execution: PrintedExecution) => string;
}

type Field = Exclude<keyof PrintedExecution, "labels" | "models">;

const plain = (key: Field, header: string): Column => ({
  key,
  header,
  text: (execution) => `${execution[key] ?? UNKNOWN}`,
});
const numbers = (key: Field, header: string, format = formatCount): Column => ({
  key,
  header,
  isNumber: true,
  text: (execution) => orUnknown(execution[key] as number | null, format),
});

/** Conclusions that are not failures, as in `src/record/failure.ts`. */
const SUCCESSFUL: readonly string[] = ["success", "neutral", "skipped"];

export const isFailed = ({ conclusion }: PrintedExecution): boolean => !SUCCESSFUL.includes(`${conclusion}`);

export const COLUMNS: readonly Column[] = [
  {
    key: "completed",
    header: "completed",
    text: ({ completedAt }, timeZone) => timeIn(timeZone, `${completedAt}`),
  },
  {
    key: "repo",
    header: "repository",
    text: ({ repo, prNumber }) => `${repo}${prNumber === null ? "" : `#${prNumber}`}`,
  },
  plain("eventType", "event type"),
  plain("model", "model"),
  { ...plain("conclusion", "conclusion"), className: (execution) => (isFailed(execution) ? "bad" : "") },
  {
    ...numbers("costUsd", "cost"),
    // `~` marks an estimate.
    text: ({ costUsd, costSource }) =>
      `${costSource === "estimated" ? "~" : ""}${orUnknown(costUsd as number | null, money)}`,
  },
  numbers("durationMs", "duration", formatDuration),
  numbers("numTurns", "turns"),
  numbers("inputTokens", "input"),
  numbers("outputTokens", "output"),
  numbers("cacheReadTokens", "cache read"),
  numbers("cacheCreationTokens", "cache write"),
  plain("provider", "provider"),
  plain("stopReason", "stop reason"),
  plain("sessionId", "session"),
  plain("deliveryId", "delivery"),
  {
    key: "labels",
    header: "labels",
    text: ({ labels }) =>
      labels === null
        ? UNKNOWN
        : Object.entries(labels)
            .map((pair) => pair.join("="))
            .join(", "),
  },
];

export const DEFAULT_COLUMNS: readonly string[] = [
  "completed",
  "repo",
  "eventType",
  "model",
  "conclusion",
  "costUsd",
  "durationMs",
  "numTurns",
  "inputTokens",
  "cacheReadTokens",
  "outputTokens",
];
