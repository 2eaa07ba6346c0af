import { Command, Option } from "commander";
import { RunledgerError } from "../errors";
import { isPostgresUrl } from "../postgres/url";
import type { IncidentKind } from "../record/types";
import { openLedger } from "../report/database/open-ledger";
import { formatJsonLine } from "../report/format/json";
import { formatTable, type TableColumn } from "../report/format/table";
import { formatCount } from "../report/format/values";
import { INCIDENT_KINDS, type IncidentRow, incidentsOf, printedIncident } from "../report/incidents";
import { addDbOption, type DbOption, dbFileOf, dbPathOf } from "./db-option";
import { examples, parseCount } from "./options";
import { retryIncidents } from "./retry-incidents";
import { retryIncidentsOnPostgres } from "./retry-incidents-postgres";
import { createStyles } from "./style";
import type { Terminal } from "./terminal";

const DEFAULT_LIMIT = 50;

interface Options extends DbOption {
  readonly kind?: IncidentKind;
  readonly limit?: number;
  readonly json?: true;
  readonly retry?: true;
  readonly beyondRetention?: true;
  readonly dryRun?: true;
}

const DESCRIPTION = `Lists what could not be stored as it came, newest first: rejected records, with the reason, and with --json as they came; records that were dropped or spilled; times when the ledger could not be written.

Once the cause is fixed, --retry tries to store each rejected record. The incidents of those that are stored now are removed; the others stay.`;

/** `runledger incidents` */
export function incidentsCommand(terminal: Terminal): Command {
  const command = new Command("incidents")
    .summary("what could not be stored as it came (dead letters)")
    .description(DESCRIPTION);
  return addDbOption(command)
    .addOption(new Option("--kind <kind>", "only of this kind").choices(INCIDENT_KINDS))
    .option("--limit <count>", `at most this many; default: ${DEFAULT_LIMIT}, with --json all`, parseCount)
    .option("--json", "JSON, one incident per line")
    .addOption(new Option("--retry", "try to store the rejected records").conflicts(["kind", "limit"]))
    .option("--beyond-retention", "with --retry: also what may have been counted and purged already")
    .option("--dry-run", "with --retry: say what would be tried, and write nothing")
    .addHelpText(
      "after",
      examples("runledger incidents --kind rejected --json", "runledger incidents --retry --dry-run"),
    )
    .action((options: Options) => (options.retry === true ? retry : list)(options, terminal));
}

async function retry(options: Options, terminal: Terminal): Promise<void> {
  const place = dbPathOf(options);
  if (isPostgresUrl(place)) await retryIncidentsOnPostgres(place, options, terminal);
  else await retryIncidents(dbFileOf(options), options, terminal);
}

async function list(options: Options, terminal: Terminal): Promise<void> {
  refuseRetryOptions(options);
  await using ledger = await openLedger(dbPathOf(options));
  const limit = options.limit ?? (options.json === true ? undefined : DEFAULT_LIMIT);
  const incidents: IncidentRow[] = [];
  for await (const page of incidentsOf(ledger, { kind: options.kind, order: "newest", limit })) {
    if (options.json === true)
      await terminal.write(page.map((row) => formatJsonLine(printedIncident(row))).join(""));
    else incidents.push(...page);
  }
  if (options.json !== true) await terminal.write(toTable(incidents, terminal));
}

/** @throws {RunledgerError} `INVALID_OPTION` for an option that needs `--retry`, which may have been forgotten. */
function refuseRetryOptions({ dryRun, beyondRetention }: Options): void {
  if (dryRun !== true && beyondRetention !== true) return;
  const option = dryRun === true ? "--dry-run" : "--beyond-retention";
  throw new RunledgerError("INVALID_OPTION", `${option} is for --retry alone.`);
}

function toTable(incidents: readonly IncidentRow[], { columns, hasColor }: Terminal): string {
  const { bad, warning, faint } = createStyles(hasColor);
  const layout: readonly TableColumn<IncidentRow>[] = [
    { header: "id", text: ({ id }) => String(id), align: "right" },
    { header: "at (UTC)", text: ({ at }) => at.slice(0, 16), style: faint },
    {
      header: "kind",
      text: ({ kind }) => kind,
      style: (cell, { kind }) => (kind === "rejected" || kind === "dropped" ? bad(cell) : warning(cell)),
    },
    { header: "count", text: ({ count }) => formatCount(count), align: "right" },
    { header: "reason", text: ({ reason }) => reason, canWrap: true },
  ];
  return incidents.length === 0 ? "No incidents.\n" : formatTable(layout, incidents, columns);
}
