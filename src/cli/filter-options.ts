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
      "of these repositories, or of those that a glob such as 'octo-org/*' matches; the next options take globs too",
    )
    .option("--model <names...>", "of these models")
    .option("--provider <names...>", "of these providers")
    .option("--event-type <names...>", "started by these events")
    .option("--conclusion <names...>", "that ended so")
    .option(
      "--label <pairs...>",
      "with these values of labels, such as team=core; several of one label: any of them, of several labels: all",
      parseLabel,
    )
    .option("--pr <names...>", "of these pull requests, such as octo-org/octo-repo#42")
    .option("--session <ids...>", "of these sessions")
    .option("--ledger <ids...>", "of these ledgers; only in PostgreSQL, where many can be")
    .option("--failed", "only those that failed")
    .option(
      "--tz <zone>",
      "where days begin and which times a table shows, such as Europe/Berlin, or local; default: UTC",
      parseZone,
    );
}

/** The filter that a command's options describe. */
export function filterOf({ tz, failed, label, pr, ...options }: FilterOptions): ExecutionFilter {
  const { since, until, repo, model, provider, eventType, conclusion, session, ledger } = options;
  const names = { repo, model, provider, eventType, conclusion, labels: label, pullRequest: pr };
  return { since, until, ...names, session, ledger, failedOnly: failed, timeZone: tz };
}
