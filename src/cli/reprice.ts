import { Command } from "commander";
import { firstOf } from "../describe";
import { type Repriced, repriceSlices } from "../ledger/reprice";
import { cutoffText } from "../record/time";
import { formatJsonLine } from "../report/format/json";
import { formatCount, formatCountOf, formatUsd, printable } from "../report/format/values";
import { resolveTime } from "../report/time-input";
import { UTC } from "../report/time-zone";
import { addDbOption, type DbOption, dbFileOf } from "./db-option";
import { examples, parseTime } from "./options";
import { openPrices, PRICES_HELP } from "./prices-option";
import { countProgress } from "./progress";
import { takingTurns } from "./taking-turns";
import type { Terminal } from "./terminal";
import { openForWriting } from "./writable-ledger";

interface Options extends DbOption {
  readonly since?: string;
  readonly estimated?: true;
  readonly prices?: string;
  readonly dryRun?: true;
  readonly json?: true;
}

const DESCRIPTION = `Estimates unreported costs from the prices in the optional package @pydantic/genai-prices, as of the day on which each execution completed. A reported cost is never changed. Works in small transactions, so that an application can keep writing; the daily rollup is corrected along with the executions.

What was forwarded to PostgreSQL is not changed: a target takes an execution only once.`;

/** How many models without a price are named. */
const SHOWN_MODELS = 5;

/** `runledger reprice` */
export function repriceCommand(terminal: Terminal): Command {
  const command = new Command("reprice").summary("estimate unreported costs").description(DESCRIPTION);
  return addDbOption(command)
    .option("--since <time>", "only what completed from this time on, such as 30d or 2026-01", parseTime)
    .option(
      "--estimated",
      "also costs that were estimated before; an estimate made request by request is replaced by one for the whole run",
    )
    .option("--prices <file>", PRICES_HELP)
    .option("--dry-run", "say what would change, and change nothing")
    .option("--json", "one JSON object")
    .addHelpText("after", examples("runledger reprice --dry-run", "runledger reprice --since 30d"))
    .action((options: Options) => reprice(options, terminal));
}

async function reprice(options: Options, terminal: Terminal): Promise<void> {
  const prices = await openPrices(options.prices);
  const sinceMs = options.since === undefined ? undefined : resolveTime(options.since, UTC, Date.now());
  using writable = openForWriting(dbFileOf(options));
  const { ledger } = writable;
  const progress = countProgress(terminal);
  const tally = new Tally();
  const slices = repriceSlices(ledger.connection, {
    prices,
    since: sinceMs === undefined ? undefined : cutoffText(sinceMs),
    includesEstimated: options.estimated === true,
    isDry: options.dryRun === true,
  });
  for await (const slice of takingTurns(slices)) {
    tally.add(slice);
    progress.advance(slice.length);
  }
  progress.end();
  const isDry = options.dryRun === true;
  const text = options.json === true ? formatJsonLine(tally.toJson(prices.name, isDry)) : tally.toText(isDry);
  await terminal.write(text);
}

/** The outcomes of the executions. */
class Tally {
  readonly #counts = { priced: 0, unchanged: 0, unknown: 0, forwarded: 0 };
  readonly #unknownModels = new Map<string, number>();
  #costUsd = 0;

  add(slice: readonly Repriced[]): void {
    for (const { outcome, before, after } of slice) {
      this.#counts[outcome] += 1;
      this.#costUsd += after.cost_usd - before.cost_usd;
      if (outcome !== "unknown") continue;
      for (const model of modelsWithoutCost(after))
        this.#unknownModels.set(model, (this.#unknownModels.get(model) ?? 0) + 1);
    }
  }

  toJson(priceList: string, isDry: boolean): object {
    const unknownModels = this.#named().map(([model, executions]) => ({ model, executions }));
    return {
      schema: "runledger.reprice/1",
      priceList,
      isDry,
      ...this.#counts,
      addedCostUsd: this.#costUsd,
      unknownModels,
    };
  }

  toText(isDry: boolean): string {
    const { priced, unchanged, unknown, forwarded } = this.#counts;
    const models = this.#named().map(([model, count]) => `${printable(model)} (${formatCount(count)})`);
    const lines = [
      `${formatCountOf(priced, "execution")} priced: ${formatUsd(Math.abs(this.#costUsd))} USD ${this.#costUsd < 0 ? "less" : "more"}`,
      ...(unchanged > 0 ? [`${formatCount(unchanged)} have the same cost as before`] : []),
      ...(unknown > 0
        ? [`${formatCount(unknown)} still without a cost: ${firstOf(models, SHOWN_MODELS)}`]
        : []),
      ...(forwarded > 0
        ? [
            `${formatCount(forwarded)} left as they are: they were forwarded, and a target takes an execution only once`,
          ]
        : []),
      ...(isDry ? ["Nothing was changed."] : []),
    ];
    return lines.map((line) => `${line}\n`).join("");
  }

  /** The most frequent first. */
  #named(): readonly (readonly [model: string, executions: number])[] {
    return [...this.#unknownModels].sort(([, a], [, b]) => b - a);
  }
}

function modelsWithoutCost({ model, models }: Repriced["after"]): readonly string[] {
  if (models === undefined) return [model];
  return models.filter(({ cost_usd }) => cost_usd === null).map((used) => used.model);
}
