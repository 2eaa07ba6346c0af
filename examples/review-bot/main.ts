import { setTimeout } from "node:timers/promises";
import pino from "pino";
import { type Telemetry, type TelemetryStats, telemetryPlugin } from "runledger";
import { budgetPlugin } from "runledger/budget";
import { createReviewBot, type ReviewBot, type ReviewBotOptions } from "./app";
import { parseCommandLine, totalBytes, USAGE, UsageError } from "./command-line";
import { formatOutcome, formatRefused, notStored } from "./outcome";
import { createProgress } from "./progress";
import { replay } from "./replay";
import { printReport } from "./report";

const STAND_IN_NOTICE = "Bundled deliveries, run by a stand-in executor: its numbers are made up.\n";

/** What is in a file may be older than what a report is about by default. */
const LONG_AGO = "2000-01-01";

/** The ledger can't be opened. */
class UnopenedError extends Error {}

process.exitCode = await main(Bun.argv.slice(2));

/** Returns the exit code. */
async function main(args: readonly string[]): Promise<number> {
  try {
    const { help, dbPath, budgetUsd, files } = parseCommandLine(args);
    if (help) {
      process.stdout.write(USAGE);
      return 0;
    }
    const isBundled = files.length === 0;
    const refused: string[] = [];
    const onRefused = ({ repo }: { readonly repo?: string | undefined }) => void refused.push(`${repo}`);
    const bundled = () => runBundled({ telemetry: { dbPath }, dailyLimitUsd: budgetUsd, onRefused });
    const stats = await (isBundled ? bundled() : runFiles(dbPath, files));
    const outcome = formatRefused(budgetUsd, refused) + formatOutcome(dbPath, stats);
    await Bun.write(Bun.stdout, isBundled ? STAND_IN_NOTICE + outcome : outcome);
    await printReport(dbPath, isBundled ? [] : ["--since", LONG_AGO]);
    return notStored(stats) > 0 ? 1 : 0;
  } catch (error) {
    if (!(error instanceof UsageError || error instanceof UnopenedError)) throw error;
    process.stderr.write(`review-bot: ${error.message}\n`);
    return error instanceof UsageError ? 2 : 1;
  }
}

async function runBundled(options: ReviewBotOptions): Promise<TelemetryStats> {
  const deliveries = Bun.JSONL.parse(await Bun.file(`${import.meta.dir}/deliveries.jsonl`).text());
  return withBot(options, async ({ receive }) => {
    for (const delivery of deliveries) await receive(delivery);
  });
}

async function runFiles(dbPath: string, files: readonly string[]): Promise<TelemetryStats> {
  const progress = createProgress(await totalBytes(files));
  // Records of a file may be of any age, so nothing is purged.
  return withBot({ telemetry: { dbPath, retentionDays: false } }, ({ app }) =>
    replay(app, files, progress.advance).finally(progress.end),
  );
}

/** Makes a bot, runs it, closes it; what became of the events that it emitted. */
async function withBot(
  options: ReviewBotOptions,
  run: (bot: ReviewBot) => Promise<void>,
): Promise<TelemetryStats> {
  // The report lists what was rejected or not stored, so the log needn't.
  const logger = pino({ level: "fatal" });
  const bot = createReviewBot({ ...options, telemetry: { ...options.telemetry, logger } });
  const handle = bot.app.get(telemetryPlugin);
  bot.app.closeOnSignals();
  try {
    await opened(handle);
    // What was spent today, by whichever run.
    if (options.dailyLimitUsd !== undefined) await bot.app.get(budgetPlugin).ready;
    await run(bot);
  } finally {
    await bot.app.close();
  }
  return handle.stats();
}

/** A service would go on, and store later what it could not store now; a command says so and ends. */
async function opened({ ready, stats }: Telemetry): Promise<void> {
  while (stats().state === "opening") await Promise.race([ready, setTimeout(5)]);
  const { state, lastError } = stats();
  if (state === "degraded") throw new UnopenedError(lastError);
}
