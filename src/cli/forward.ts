import { Command } from "commander";
import { withoutCredentials } from "../describe";
import { RunledgerError } from "../errors";
import { planForwarding } from "../forward/forward-dry-run";
import { forwardLedger } from "../forward/forward-ledger";
import type { ForwardReport } from "../forward/forward-tally";
import { forgetForwardTarget } from "../forward/ledger-source";
import { DEFAULT_BATCH_SIZE, DEFAULT_INTERVAL_MS, parseForwardOptions } from "../forward/options";
import type { Logger } from "../logger";
import { isPostgresUrl, parsePostgresUrl } from "../postgres/url";
import { formatJson } from "../report/format/json";
import { formatCount, formatCountOf } from "../report/format/values";
import { dbFileOf } from "./db-option";
import { EndedError } from "./failure";
import { examples, parseCount } from "./options";
import { byteProgress, type Progress } from "./progress";
import type { Terminal } from "./terminal";

const URL_VARIABLE = "RUNLEDGER_FORWARD_URL";

interface Options {
  readonly from?: string;
  readonly to?: string;
  readonly schema?: string;
  readonly follow?: true;
  readonly batchSize?: number;
  readonly interval?: number;
  readonly forget?: true | string;
  readonly dryRun?: true;
  readonly json?: true;
}

const DESCRIPTION = `Forwards a ledger to PostgreSQL: executions, their daily rollup, and incidents, each exactly once, however often it is run or interrupted. Missing tables are created. Applications can keep writing to the ledger.

Once a target has been reached, no purge deletes what it doesn't have yet, until that is forwarded, or the target is forgotten with --forget.`;

/** `runledger forward` */
export function forwardCommand(terminal: Terminal): Command {
  return new Command("forward")
    .summary("send a ledger's executions to PostgreSQL")
    .description(DESCRIPTION)
    .option(
      "--from <path>",
      "the ledger; default: $TELEMETRY_DB_PATH, else the dbPath of ./runledger.config.ts, else ./data/telemetry.db",
    )
    .option("--to <url>", `the database; default: $${URL_VARIABLE}, which other users can't read`)
    .option("--schema <name>", "schema of the tables; default: public")
    .option("--follow", "keep forwarding new executions until interrupted")
    .option(
      "--batch-size <count>",
      `executions in one transaction; default: ${DEFAULT_BATCH_SIZE}`,
      parseCount,
    )
    .option(
      "--interval <ms>",
      `with --follow: how often to poll; default: ${DEFAULT_INTERVAL_MS}`,
      parseCount,
    )
    .option(
      "--forget [target]",
      "forget the target of --to, or the one that doctor lists by this name: purges no longer keep anything for it; nothing is forwarded",
    )
    .option("--dry-run", "say how much would be forwarded, and forward nothing")
    .option("--json", "one JSON object")
    .addHelpText(
      "after",
      examples(
        "runledger forward --from ./data/telemetry.db --to postgres://bot@db.internal/runledger",
        "runledger forward --follow --interval 5000",
      ),
    )
    .action((options: Options) => forward(options, terminal));
}

async function forward(options: Options, terminal: Terminal): Promise<void> {
  if (typeof options.forget === "string") return forgetTarget(options, options.forget, terminal);
  const { follow, forget, dryRun, json, interval, batchSize, schema } = options;
  const given = {
    from: options.from ?? dbFileOf({}),
    to: urlOf(options),
    schema,
    batchSize,
    intervalMs: interval,
  };
  const { to } = parseForwardOptions(given);
  if (options.to !== undefined && to.hasPassword) {
    terminal.writeError(
      `Others on this machine can read the password in --to; in ${URL_VARIABLE} they can't.\n`,
    );
  }
  const isJson = json === true;
  if (forget === true) {
    await forgetTarget(options, to.name, terminal);
  } else if (dryRun === true) {
    const plan = await planForwarding(given);
    const tables = plan.hasTables ? "" : `Its tables would be made in schema ${to.schema}.\n`;
    const text = `${formatCountOf(plan.executions, "execution")} would be forwarded to ${to.name}\n${tables}Nothing was forwarded.\n`;
    await terminal.write(isJson ? toJson({ target: to.name, ...plan }) : text);
  } else {
    const report = await run(given, follow === true, terminal);
    await terminal.write(isJson ? toJson({ target: to.name, ...report }) : summary(report));
    if (report.rejected > 0) throw new EndedError(1);
  }
}

/** @param target The target's name as doctor prints it, or its URL. */
async function forgetTarget({ from, schema, json }: Options, target: string, terminal: Terminal) {
  const name = isPostgresUrl(target) ? parsePostgresUrl(target, schema).name : withoutCredentials(target);
  const forgotten = forgetForwardTarget(
    dbFileOf({ ...(from !== undefined && { db: from }) }, "--from"),
    name,
  );
  const text = forgotten ? `${name} is forgotten\n` : `${name} was not registered\n`;
  await terminal.write(json === true ? toJson({ target: name, forgotten }) : text);
}

function urlOf({ to }: Options): string {
  const url = to ?? process.env[URL_VARIABLE];
  if (url !== undefined && url !== "") return url;
  throw new RunledgerError("INVALID_OPTION", "Expected the URL of a PostgreSQL database, received none.", {
    hint: `Name it with --to, or in ${URL_VARIABLE}.`,
  });
}

async function run(
  given: Parameters<typeof forwardLedger>[0],
  isFollowing: boolean,
  terminal: Terminal,
): Promise<ForwardReport> {
  const bar = forwardProgress(terminal, isFollowing);
  try {
    return await forwardLedger(
      {
        ...given,
        onProgress: bar.show,
        signal: isFollowing ? terminal.interruption() : undefined,
        logger: printing((line) => bar.print(line)),
      },
      !isFollowing,
    );
  } finally {
    bar.end();
  }
}

/** A progress bar towards what is in the ledger at the beginning; none with --follow, which has no end. */
function forwardProgress(terminal: Terminal, isFollowing: boolean) {
  let progress: Progress | undefined;
  let done = 0;
  return {
    show({ forwarded, duplicates, rejected, behind }: ForwardReport): void {
      const sent = forwarded + duplicates + rejected;
      if (!isFollowing && behind > 0) progress ??= byteProgress(terminal, sent + behind);
      progress?.advance(sent - done);
      done = sent;
    },
    print(line: string): void {
      if (progress === undefined) terminal.writeError(line);
      else progress.print(line);
    },
    end: () => progress?.end(),
  };
}

function printing(print: (line: string) => void): Logger {
  const line = (_: object, message: string) => print(`runledger: ${message}\n`);
  return { debug() {}, info: line, warn: line, error: line };
}

function summary({ forwarded, duplicates, rejected, incidents, behind }: ForwardReport): string {
  const counts = [
    `${formatCount(forwarded)} forwarded`,
    `${formatCount(duplicates)} already there`,
    `${formatCount(rejected)} rejected`,
    ...(incidents > 0 ? [formatCountOf(incidents, "incident")] : []),
    ...(behind > 0 ? [`${formatCount(behind)} left`] : []),
  ];
  return `${counts.join(", ")}\n`;
}

function toJson(report: object): string {
  return formatJson({ schema: "runledger.forward/1", ...report });
}
