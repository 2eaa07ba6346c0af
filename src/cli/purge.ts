import { Command } from "commander";
import { sql } from "kysely";
import { cutoffOf } from "../ledger/cutoff";
import { forgetCommand, type HeldBack, holdsBack, selectHeldBack } from "../ledger/held-back";
import { purgeSlices, vacuumSlices } from "../ledger/purge";
import { forwardedUpTo } from "../ledger/statements";
import { isPostgresUrl } from "../postgres/url";
import type { Ledger } from "../report/database/ledger";
import { openLedger } from "../report/database/open-ledger";
import { formatHeldBack, formatSince } from "../report/format/held-back";
import { formatBytes, formatCountOf } from "../report/format/values";
import { addDbOption, type DbOption, dbFileOf, dbPathOf } from "./db-option";
import { examples, parseAgeDays } from "./options";
import { countProgress } from "./progress";
import { dryRunOnPostgres, purgeOnPostgres } from "./purge-postgres";
import { takingTurns } from "./taking-turns";
import type { Terminal } from "./terminal";
import { openForWriting } from "./writable-ledger";

/** A PostgreSQL ledger has no older times. */
const EARLIEST = "0001-01-01 00:00:00";

interface Options extends DbOption {
  readonly olderThan: number;
  readonly dryRun?: true;
}

/** `runledger purge` */
export function purgeCommand(terminal: Terminal): Command {
  const command = new Command("purge")
    .summary("delete old executions and incidents; the daily rollup stays")
    .description(
      "Deletes executions and incidents older than a given age, and returns their space to the file system. The daily rollup stays: reports still count what was purged. Works in small transactions, so that an application can keep writing.",
    )
    .requiredOption("--older-than <age>", "days or hours, such as 90d or 36h", parseAgeDays);
  return addDbOption(command)
    .option("--dry-run", "say what would be deleted, and delete nothing")
    .addHelpText(
      "after",
      examples("runledger purge --older-than 90d --dry-run", "runledger purge --older-than 365d"),
    )
    .action((options: Options) => {
      const isDry = options.dryRun === true;
      const place = dbPathOf(options);
      if (!isPostgresUrl(place)) return (isDry ? dryRun : purge)(options, terminal);
      const cutoff = cutoffOf(options.olderThan) ?? EARLIEST;
      return (isDry ? dryRunOnPostgres : purgeOnPostgres)(place, cutoff, terminal);
    });
}

async function purge(options: Options, terminal: Terminal): Promise<void> {
  using writable = openForWriting(dbFileOf(options));
  const { ledger } = writable;
  const { connection } = ledger;
  const progress = countProgress(terminal);
  const pageBytes = connection.pragmaNumber("page_size");
  const pagesBefore = connection.pragmaNumber("page_count");
  const cutoff = cutoffOf(options.olderThan);
  let purged = 0;
  for await (const deleted of takingTurns(cutoff === undefined ? [] : purgeSlices(connection, cutoff))) {
    purged += deleted;
    progress.advance(deleted);
  }
  for await (const _ of takingTurns(vacuumSlices(connection))) ledger.checkpoint();
  progress.end();
  const freed = (pagesBefore - connection.pragmaNumber("page_count")) * pageBytes;
  const reusable = connection.pragmaNumber("freelist_count") * pageBytes;
  await terminal.write(
    `${formatCountOf(purged, "execution")} purged, ${formatBytes(Math.max(0, freed))} given back` +
      `${reusable > 0 ? `, ${formatBytes(reusable)} free in the file for what comes` : ""}\n`,
  );
  if (cutoff === undefined) return;
  await terminal.write(keptText(connection.all(selectHeldBack(cutoff)), dbFileOf(options)));
}

/** Which old executions were kept, and what somebody can do about it. */
function keptText(targets: readonly HeldBack[], dbPath: string): string {
  return targets
    .filter(holdsBack)
    .map(
      (held) =>
        `${formatHeldBack(held)} kept for ${held.target}, which has got nothing since ${formatSince(held)}\n` +
        `If it is gone for good: ${forgetCommand(held.target, dbPath)}\n`,
    )
    .join("");
}

async function dryRun(options: Options, terminal: Terminal): Promise<void> {
  await using ledger = await openLedger(dbFileOf(options));
  const cutoff = cutoffOf(options.olderThan) ?? "";
  const { executions, incidents, bytes } = await whatIsOlder(ledger, cutoff);
  const { rows: held } = await ledger.db.executeQuery(selectHeldBack(cutoff));
  await terminal.write(
    `${formatCountOf(executions, "execution")} and ${formatCountOf(incidents, "incident")} would be deleted, about ${formatBytes(bytes)}\nNothing was deleted.\n${keptText(held, dbFileOf(options))}`,
  );
}

/**
 * The bytes are an estimate: it assumes that all executions are of the same size, and that nothing else takes space.
 */
async function whatIsOlder({ db }: Ledger, cutoff: string) {
  const countAll = db.fn.countAll<number>().as("count");
  const executions = db.selectFrom("executions").select(countAll);
  const { count: all } = await executions.executeTakeFirstOrThrow();
  const { count: old } = await executions
    .where("created_at", "<", cutoff)
    .where(({ fn }) => fn<string>("typeof", ["created_at"]), "=", "text")
    .where("id", "<=", forwardedUpTo("last_id"))
    .executeTakeFirstOrThrow();
  const { count: incidents } = await db
    .selectFrom("incidents")
    .select(countAll)
    .where("at", "<", cutoff)
    .where("id", "<=", forwardedUpTo("last_incident_id"))
    .executeTakeFirstOrThrow();
  const { rows } = await sql<{ bytes: number }>`
    SELECT (page_count - freelist_count) * page_size AS bytes
    FROM pragma_page_count, pragma_freelist_count, pragma_page_size`.execute(db);
  const bytes = Math.round(((rows[0]?.bytes ?? 0) * old) / Math.max(1, all));
  return { executions: old, incidents, bytes };
}
