import type { Command } from "commander";
import type { ExecutionFilter } from "../report/types";
import { parseLabel, parseTime, parseZone } from "./options";

/** The options that {@link addFilterOptions} gives a command. */
export interface FilterOptions
  extends Omit<ExecutionFilter, "timeZone" | "failedOnly" | "labels" | "pullRequest"> {
  readonly pr?: readonly string[];
  readonly label?: Readonly<Record<string, readonly string[]>>;
  readonly tz?: string;
  readonly failed?: true;
}

/** Adds the options that select executions. */
export function addFilterOptions(command: Command): Command {
  return command
    .option(
      "--since <time>",
      "from this time on: today, this-week, last-month, 2026-01, 2026-01-31, 12h, 90d, 4w or an ISO time with an offset",
      parseTime,
    )
    .option("--until <time>", "before this time", parseTime)
    .option(
      "--repo <names...>",
      "only these repositories, by names or globs such as 'octo-org/*'; the options down to --ledger take globs too",
    )
    .option("--model <names...>", "only these models")
    .option("--provider <names...>", "only these providers")
    .option("--event-type <names...>", "only those started by these events")
    .option("--conclusion <names...>", "only those with these conclusions")
    .option(
      "--label <pairs...>",
      "only those with these labels, such as team=core; of several values of one label any may match, several labels must all match",
      parseLabel,
    )
    .option("--pr <names...>", "only these pull requests, such as octo-org/octo-repo#42")
    .option("--session <ids...>", "only these sessions")
    .option("--ledger <ids...>", "only these ledgers, in a PostgreSQL ledger, which can collect many")
    .option("--failed", "only those that failed")
    .option(
      "--tz <zone>",
      "the time zone of days, and of times in tables, such as Europe/Berlin, or local; default: UTC",
      parseZone,
    );
}

/** The filter that a command's options describe. */
export function filterOf({ tz, failed, label, pr, ...options }: FilterOptions): ExecutionFilter {
  const { since, until, repo, model, provider, eventType, conclusion, session, ledger } = options;
  const names = { repo, model, provider, eventType, conclusion, labels: label, pullRequest: pr };
  return { since, until, ...names, session, ledger, failedOnly: failed, timeZone: tz };
}
