import { type Command, InvalidArgumentError, Option } from "commander";
import { SORT_KEYS, type SortKey } from "../report/format/groups";
import { groupKeysIn } from "../report/group-keys";
import { GROUP_KEYS, type GroupKey } from "../report/types";
import type { DbOption } from "./db-option";
import type { FilterOptions } from "./filter-options";
import { parseCount } from "./options";

/** How a report is printed. */
export type ReportFormat = "text" | "json" | "csv" | "markdown";

/** The options of `runledger report`. */
export interface ReportOptions extends DbOption, FilterOptions {
  readonly by?: readonly GroupKey[];
  readonly limit?: number;
  readonly sort?: SortKey;
  readonly exact?: true;
  readonly pivot?: true;
  readonly forecast?: true;
  readonly json?: true;
  readonly csv?: true;
  readonly markdown?: true;
  readonly watch?: true;
}

/** Adds the options that only a report has. */
export function addReportOptions(command: Command): Command {
  return command
    .addOption(
      new Option("--by <keys>", "one or two keys, separated by a comma; label:team groups by the label team")
        .choices(GROUP_KEYS)
        .argParser(parseKeys),
    )
    .option(
      "--limit <count>",
      "rows per table; with two keys, rows per value of the first, or per time; text and Markdown add up the others",
      parseCount,
    )
    .addOption(new Option("--sort <key>", "the order of the rows").choices(SORT_KEYS))
    .addOption(
      new Option(
        "--pivot",
        "with two keys, make the second one columns; cells are the cost, or the amount of --sort",
      ).conflicts("json"),
    )
    .option("--exact", "percentiles over all executions instead of the latest 10,000")
    .addOption(
      new Option("--forecast", "also what the current month will probably cost").conflicts([
        "csv",
        "markdown",
      ]),
    )
    .option("--json", "one JSON object")
    .addOption(new Option("--csv", "one table as CSV, safe for spreadsheets").conflicts("json"))
    .addOption(new Option("--markdown", "tables as Markdown").conflicts(["json", "csv"]))
    .addOption(
      new Option("--watch", "check every 2 s, and redraw the report if something was recorded").conflicts([
        "json",
        "csv",
        "markdown",
      ]),
    );
}

/** The format that the options select. */
export function formatOf({ json, csv, markdown }: ReportOptions): ReportFormat {
  if (json === true) return "json";
  if (csv === true) return "csv";
  return markdown === true ? "markdown" : "text";
}

function parseKeys(text: string): readonly GroupKey[] {
  const keys = groupKeysIn(text);
  if (keys !== undefined) return keys;
  throw new InvalidArgumentError(`It must be one or two of ${GROUP_KEYS.join(", ")}, label:team.`);
}
