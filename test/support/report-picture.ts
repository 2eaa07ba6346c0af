import { join } from "node:path";
import { createTelemetryStore } from "../../src/ledger/store";
import type { TelemetryRecord } from "../../src/record/types";
import { runCli } from "./fake-terminal";

const COLUMNS = 80;
const COMMAND = ["report", "--since", "2026-11-16", "--until", "2026-11-23"];

/** What `runledger report` prints about a week of a made-up bot, as an SVG of a terminal. */
export async function reportPicture(folder: string): Promise<string> {
  const db = join(folder, "telemetry.db");
  using store = createTelemetryStore({ dbPath: db });
  store.recordMany(weekOfRecords());
  const { out } = await runCli([...COMMAND, "--db", db], { columns: COLUMNS, hasColor: true });
  const prompt = `\x1b[32m$\x1b[39m runledger ${COMMAND.join(" ")}\n`;
  return toSvg(prompt + out.replaceAll(db, "./data/telemetry.db").trimEnd());
}

interface Kind {
  readonly eventType: string;
  readonly model: string;
  readonly costUsd: number;
  readonly durationMs: number;
}

const REPOS = ["lighthouse/beacon", "lighthouse/keeper", "lighthouse/foghorn"];
const KINDS: readonly Kind[] = [
  { eventType: "pull_request.opened", model: "claude-sonnet-4-5", costUsd: 0.21, durationMs: 62_000 },
  { eventType: "pull_request.synchronize", model: "claude-sonnet-4-5", costUsd: 0.14, durationMs: 48_000 },
  { eventType: "issue_comment.created", model: "claude-haiku-4-5", costUsd: 0.03, durationMs: 17_000 },
];
/** Executions on each day from Monday, 16 November 2026. */
const PER_DAY = [14, 22, 19, 27, 16, 3, 5];

function weekOfRecords(): TelemetryRecord[] {
  const days = PER_DAY.map((count, day) => Array.from({ length: count }, (_, number) => ({ day, number })));
  return days.flat().map(({ day, number }, index) => {
    const { eventType, model, costUsd, durationMs } = KINDS[(index * 5 + day) % KINDS.length] as Kind;
    // Spread between 0.5 and 1.5 of the usual amount, the same every time.
    const factor = 0.5 + ((index * 37) % 101) / 101;
    return {
      repo: REPOS[(index * index + number) % REPOS.length] ?? "",
      eventType,
      model,
      executionId: `run-${index}`,
      completedAt: Date.UTC(2026, 10, 16 + day, 8, number * 20),
      conclusion: index % 17 === 5 ? "failure" : "success",
      inputTokens: Math.round(2_300 * factor),
      outputTokens: Math.round(2_900 * factor),
      cacheReadTokens: Math.round(118_000 * factor),
      cacheCreationTokens: Math.round(9_400 * factor),
      durationMs: Math.round(durationMs * factor),
      costUsd: Math.round(costUsd * factor * 10_000) / 10_000,
      numTurns: 3 + (index % 7),
    };
  });
}

const CHARACTER = { width: 8, height: 17 };
const MARGIN = 14;
const FONT = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace";

/** The style that a terminal's escape sequence turns on, by its number. */
const ON: Readonly<Record<string, string>> = {
  1: "strong",
  2: "faint",
  31: "bad",
  32: "good",
  33: "warning",
};
const OFF: Readonly<Record<string, readonly string[]>> = {
  22: ["strong", "faint"],
  39: ["bad", "good", "warning"],
};

/** A picture of text with a terminal's escape sequences for colours. */
function toSvg(text: string): string {
  const lines = text.split("\n");
  const width = COLUMNS * CHARACTER.width + 2 * MARGIN;
  const height = lines.length * CHARACTER.height + 2 * MARGIN;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}">
<title>What runledger report prints about a week of a made-up bot</title>
<style>text{font:13px ${FONT};fill:#d8dee4;white-space:pre}.strong{font-weight:bold;fill:#fff}.faint{fill:#8b949e}.bad{fill:#ff7b72}.good{fill:#7ee787}.warning{fill:#e3b341}</style>
<rect width="${width}" height="${height}" rx="8" fill="#161b22"/>
${lines.flatMap(lineToSvg).join("\n")}
</svg>
`;
}

/** Each stretch of text has its own position and width, so that columns align in every font. */
function lineToSvg(line: string, row: number): string[] {
  const styles = new Set<string>();
  const stretches: string[] = [];
  const y = MARGIN + row * CHARACTER.height + 13;
  let column = 0;
  // Text and the numbers of escape sequences alternate in the split.
  for (const [index, piece] of line.split(new RegExp(`${ESCAPE}\\[(\\d+)m`)).entries()) {
    if (index % 2 === 1) {
      const style = ON[piece];
      if (style !== undefined) styles.add(style);
      for (const ended of OFF[piece] ?? []) styles.delete(ended);
      continue;
    }
    // Gaps between columns aren't drawn.
    for (const { 0: words, index: start } of piece.matchAll(/\S+(?: \S+)*/g)) {
      const x = MARGIN + (column + start) * CHARACTER.width;
      const type = styles.size === 0 ? "" : ` class="${[...styles].join(" ")}"`;
      const length = words.length * CHARACTER.width;
      stretches.push(
        `<text x="${x}" y="${y}"${type} textLength="${length}" lengthAdjust="spacingAndGlyphs">${Bun.escapeHTML(words)}</text>`,
      );
    }
    column += piece.length;
  }
  return stretches;
}

const ESCAPE = "\x1b";
