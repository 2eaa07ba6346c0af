import { setTimeout } from "node:timers/promises";
import { Command, Option } from "commander";
import { RunledgerError } from "../errors";
import type { ExecutionRow } from "../ledger/schema";
import type { Ledger } from "../report/database/ledger";
import { openLedger } from "../report/database/open-ledger";
import { reading } from "../report/database/snapshot";
import { printedExecution } from "../report/execution-record";
import { AMOUNT_ORDERS, executionsOf, lastExecutionId, newExecutionsOf } from "../report/executions";
import { csvLines, type ExecutionFormat, jsonLines } from "../report/format/execution-lines";
import { UTC, zoneNamed } from "../report/time-zone";
import { addDbOption, type DbOption, dbPathOf } from "./db-option";
import { textTable } from "./execution-table";
import { addFilterOptions, type FilterOptions, filterOf } from "./filter-options";
import { addFormatOptions, examples, parseCount } from "./options";
import type { Terminal } from "./terminal";

const DEFAULT_LIMIT = 50;
/** With --follow, how many existing executions are shown first, for context. */
const DEFAULT_FOLLOWED = 10;
const POLL_EVERY_MS = 500;
/** In PostgreSQL, how far below the highest `id` a late commit may be. */
const LATE_IDS = 10_000;

interface Options extends DbOption, FilterOptions {
  readonly limit?: number;
  readonly sort?: (typeof AMOUNT_ORDERS)[number];
  readonly json?: true;
  readonly csv?: true;
  readonly follow?: true;
}

/** `runledger executions` */
export function executionsCommand(terminal: Terminal): Command {
  const command = new Command("executions")
    .summary("list executions, newest first")
    .description(
      `Lists executions, newest first. A table shows the latest ${DEFAULT_LIMIT}; JSON and CSV have all unless --limit is given. With --sort, every format has ${DEFAULT_LIMIT}.`,
    );
  addFilterOptions(addDbOption(command))
    .option("--limit <count>", "at most this many", parseCount)
    .addOption(
      new Option("--sort <amount>", "the highest first, instead of the newest").choices(AMOUNT_ORDERS),
    );
  return addFormatOptions(command, "JSON, one execution per line")
    .addOption(
      new Option(
        "--follow",
        `show the latest ${DEFAULT_FOLLOWED}, oldest first, then new ones as they are committed`,
      ).conflicts("sort"),
    )
    .addHelpText(
      "after",
      examples(
        "runledger executions --failed --since 7d",
        "runledger executions --sort cost --since this-month",
      ),
    )
    .action((options: Options) =>
      options.follow === true ? follow(options, terminal) : list(options, terminal),
    );
}

async function list(options: Options, terminal: Terminal): Promise<void> {
  await using ledger = await openLedger(dbPathOf(options));
  const format = formatOf(options, terminal);
  const isTable = options.json !== true && options.csv !== true;
  const { sort, limit = isTable || sort !== undefined ? DEFAULT_LIMIT : undefined } = options;
  const pages = executionsOf(ledger, filterOf(options), { order: sort ?? "newest", limit });
  for await (const rows of pages) await terminal.write(format.page(rows));
  await terminal.write(format.end());
}

async function follow(options: Options, terminal: Terminal): Promise<void> {
  const interruption = terminal.interruption();
  const format = formatOf(options, terminal);
  const followed = await showLatest(options, format, terminal);
  while (!interruption.aborted) {
    await showNew(options, format, terminal, followed).catch(ignoreGone);
    await setTimeout(POLL_EVERY_MS, undefined, { signal: interruption }).catch(() => {});
  }
}

/** The position of --follow. */
interface Followed {
  /** The ledger's id: another file may take its place. `undefined` while it is of the earlier design. */
  ledgerId: string | undefined;
  /** The highest `id` so far. */
  lastId: number;
  /** The ids shown recently: in PostgreSQL an execution may be committed after one with a higher `id`. */
  readonly recentIds: Set<number>;
}

async function showLatest(options: Options, format: ExecutionFormat, terminal: Terminal): Promise<Followed> {
  await using ledger = await openLedger(dbPathOf(options));
  const lastId = await lastExecutionId(ledger);
  const latest: ExecutionRow[] = [];
  const limit = options.limit ?? DEFAULT_FOLLOWED;
  for await (const rows of executionsOf(ledger, filterOf(options), {
    order: "newest",
    limit,
  })) {
    latest.push(...rows.filter(({ id }) => id <= lastId));
  }
  await terminal.write(format.page(latest.reverse()));
  const ledgerId = await ledgerIdOf(ledger);
  return { ledgerId, lastId, recentIds: await recentIdsOf(ledger, options, lastId) };
}

async function ledgerIdOf(ledger: Ledger): Promise<string | undefined> {
  const id = ledger.db.selectFrom("ledger").select("value").where("key", "=", "id");
  return (await reading(ledger, () => id.executeTakeFirst()))?.value;
}

async function recentIdsOf(ledger: Ledger, options: Options, lastId: number): Promise<Set<number>> {
  const ids = new Set<number>();
  if (lateIdsOf(ledger) === 0) return ids;
  const fromBefore = { ledgerId: undefined, lastId, recentIds: new Set<number>() };
  for await (const rows of newIn(ledger, options, fromBefore)) {
    for (const { id } of rows) if (id <= lastId) ids.add(id);
  }
  return ids;
}

function lateIdsOf({ engine }: Ledger): number {
  return engine === "postgresql" ? LATE_IDS : 0;
}

/** The executions that are new since the last time. */
async function* newIn(
  ledger: Ledger,
  options: Options,
  followed: Followed,
): AsyncGenerator<readonly ExecutionRow[]> {
  const afterId = Math.max(0, followed.lastId - lateIdsOf(ledger));
  const { recentIds } = followed;
  for await (const rows of newExecutionsOf(ledger, filterOf(options), {
    afterId,
  })) {
    yield rows.filter(({ id }) => !recentIds.has(id));
    for (const { id } of rows) {
      recentIds.add(id);
      followed.lastId = Math.max(followed.lastId, id);
    }
  }
  const oldest = followed.lastId - lateIdsOf(ledger);
  for (const id of recentIds) if (id <= oldest) recentIds.delete(id);
}

/** Opens the ledger each time: it may be another file by now, and an application that ends must not find it in use. */
async function showNew(
  options: Options,
  format: ExecutionFormat,
  terminal: Terminal,
  followed: Followed,
): Promise<void> {
  await using ledger = await openLedger(dbPathOf(options));
  await beginAnewIfReplaced(ledger, followed);
  for await (const rows of newIn(ledger, options, followed)) {
    if (rows.length > 0) await terminal.write(format.page(rows));
  }
}

async function beginAnewIfReplaced(ledger: Ledger, followed: Followed): Promise<void> {
  const ledgerId = await ledgerIdOf(ledger);
  if (followed.ledgerId !== undefined && ledgerId !== followed.ledgerId) {
    followed.lastId = 0;
    followed.recentIds.clear();
  }
  followed.ledgerId = ledgerId;
}

/** A ledger that was deleted is put back by the application that writes to it. */
function ignoreGone(error: unknown): void {
  if (!(error instanceof RunledgerError && error.code === "LEDGER_NOT_FOUND")) throw error;
}

function formatOf({ json, csv, tz = UTC }: Options, terminal: Terminal): ExecutionFormat {
  if (json === true) return jsonLines(printedExecution);
  return csv === true ? csvLines() : textTable(terminal, zoneNamed(tz) ?? UTC);
}
