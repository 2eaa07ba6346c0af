import { Argument, Command } from "commander";
import type { ExecutionRow } from "../ledger/schema";
import { isFailure } from "../record/failure";
import { parseLabels } from "../record/labels";
import { openLedger } from "../report/database/open-ledger";
import { printedExecutionReport } from "../report/execution-record";
import { orUnknown, UNKNOWN } from "../report/format/columns";
import { formatJson } from "../report/format/json";
import { formatTable, type TableColumn } from "../report/format/table";
import {
  formatCount,
  formatCountOf,
  formatDuration,
  formatUsd,
  printable,
  usdColumn,
} from "../report/format/values";
import { type ExecutionReport, executionReport } from "../report/one-execution";
import { UTC, wallTimeOf, zoneNamed } from "../report/time-zone";
import { addDbOption, type DbOption, dbPathOf } from "./db-option";
import { executionColumns } from "./execution-columns";
import { examples, parseZone } from "./options";
import { createStyles, type Styles } from "./style";
import type { Terminal } from "./terminal";

interface Options extends DbOption {
  readonly json?: true;
  readonly tz?: string;
}

/** `runledger show` */
export function showCommand(terminal: Terminal): Command {
  const command = new Command("show")
    .summary("show everything about one execution")
    .description(
      "Shows everything about one execution: cost and tokens by model, and the other executions of its session and of its pull request.",
    )
    .addArgument(new Argument("<id>", "its executionId, or the beginning of it"));
  return addDbOption(command)
    .option("--json", "one JSON object")
    .option(
      "--tz <zone>",
      "the time zone to show times in, such as Europe/Berlin, or local; default: UTC",
      parseZone,
    )
    .addHelpText("after", examples("runledger show 0199f0c2", "runledger show 0199f0c2 --json"))
    .action((id: string, options: Options) => show(id, options, terminal));
}

async function show(id: string, options: Options, terminal: Terminal): Promise<void> {
  await using ledger = await openLedger(dbPathOf(options));
  const report = await executionReport(ledger, id);
  const timeZone = zoneNamed(options.tz ?? UTC) ?? UTC;
  await terminal.write(
    options.json === true ? formatJson(printedExecutionReport(report)) : toText(report, timeZone, terminal),
  );
}

function toText(
  { execution, session, pullRequest }: ExecutionReport,
  timeZone: string,
  { columns, hasColor }: Terminal,
): string {
  const styles = createStyles(hasColor);
  const facts = factsOf(execution, timeZone, styles);
  const width = Math.max(...facts.map(([label]) => label.length)) + 2;
  const parts = [
    `${styles.strong(`Execution ${printable(execution.execution_id ?? "")}`)}\n`,
    facts.map(([label, value]) => `${label.padEnd(width)}${value}\n`).join(""),
    ...(execution.models === undefined ? [] : [modelTable(execution, styles, columns)]),
  ];
  const relatives = [
    [`Session ${execution.session_id}`, session],
    [`Pull request ${pullRequestOf(execution)}`, pullRequest],
  ] as const;
  for (const [title, related] of relatives) {
    if (related === null || related.executions === 0) continue;
    const { executions, failures, costUsd, latest } = related;
    const sums = `${formatCountOf(executions, "other execution")}, ${formatCount(failures)} failed, ${formatUsd(costUsd)} USD`;
    const shown = latest.length < executions ? `; the latest ${formatCount(latest.length)}` : "";
    const table = formatTable(executionColumns(styles, timeZone, latest), latest, columns);
    parts.push(`${styles.strong(printable(title))}: ${sums}${shown}\n${table}`);
  }
  return parts.join("\n");
}

/** The lines, in the order of likely interest. */
function factsOf(
  row: ExecutionRow,
  timeZone: string,
  { bad, good }: Styles,
): readonly (readonly [label: string, value: string])[] {
  const conclusion = (isFailure(row.conclusion) ? bad : good)(printable(row.conclusion));
  const stop = row.stop_reason === null ? "" : ` (${printable(row.stop_reason)})`;
  const turns = row.num_turns === null ? "" : ` · ${formatCountOf(row.num_turns, "turn")}`;
  const labels = Object.entries(parseLabels(row.labels) ?? {})
    .map((pair) => pair.join("="))
    .join(" · ");
  const duration = row.duration_ms === 0 ? UNKNOWN : formatDuration(row.duration_ms);
  return [
    ["completed", `${wallTimeOf(timeZone, row.created_at)} (${timeZone})`],
    ["repo", printable(row.repo)],
    ...(row.pr_number === null ? [] : [["pull request", printable(pullRequestOf(row))] as const]),
    ["event", printable(row.event_type)],
    ["conclusion", `${conclusion}${stop}`],
    ["model", `${printable(row.model)} (${printable(row.provider)})`],
    ["cost USD", costOf(row)],
    ["tokens", tokensOf(row)],
    ["duration", `${duration}${turns}`],
    ...(labels === "" ? [] : [["labels", printable(labels)] as const]),
    ...(row.session_id === null ? [] : [["session", printable(row.session_id)] as const]),
    ...(row.delivery_id === null ? [] : [["delivery", printable(row.delivery_id)] as const]),
  ];
}

function pullRequestOf({ repo, pr_number }: ExecutionRow): string {
  return `${repo}#${pr_number}`;
}

function costOf({ cost_source, cost_usd }: ExecutionRow): string {
  if (cost_source !== "unknown") return `${formatUsd(cost_usd)} ${cost_source}`;
  return cost_usd > 0 ? `at least ${formatUsd(cost_usd)}: a part is unknown` : UNKNOWN;
}

function tokensOf(row: ExecutionRow): string {
  const kinds = [
    [row.input_tokens, "input"],
    [row.output_tokens, "output"],
    [row.cache_read_tokens, "cache read"],
    [row.cache_creation_tokens, "cache write"],
  ] as const;
  const isKnown = row.usage_source !== "unknown" || kinds.some(([count]) => count > 0);
  return isKnown ? kinds.map(([count, kind]) => `${formatCount(count)} ${kind}`).join(" · ") : UNKNOWN;
}

type ModelRow = NonNullable<ExecutionRow["models"]>[number];

function modelTable({ models = [] }: ExecutionRow, { strong }: Styles, width: number): string {
  const usd = usdColumn(models.map(({ cost_usd }) => cost_usd ?? 0));
  const count = (header: string, read: (row: ModelRow) => number | null): TableColumn<ModelRow> => ({
    header,
    text: (row) => orUnknown(read(row), formatCount),
    align: "right",
  });
  const columns: readonly TableColumn<ModelRow>[] = [
    { header: "model", text: ({ model }) => model, canWrap: true },
    { header: "provider", text: ({ provider }) => provider, canWrap: true, omission: 1 },
    count("input", (row) => row.input_tokens),
    count("output", (row) => row.output_tokens),
    count("cache read", (row) => row.cache_read_tokens),
    count("cache write", (row) => row.cache_creation_tokens),
    {
      header: "cost USD",
      text: ({ cost_usd, cost_source }) =>
        `${cost_source === "estimated" ? "~" : ""}${orUnknown(cost_usd, usd)}`,
      align: "right",
    },
  ];
  return `${strong("By model")}\n${formatTable(columns, models, width)}`;
}
