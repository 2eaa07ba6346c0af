import { Command } from "commander";
import { DashboardSupervisor } from "../dashboard/dashboard-supervisor";
import { DEFAULT_PORT, parseDashboardOptions } from "../dashboard/options";
import { keptAlive } from "../keep-alive";
import type { Logger } from "../logger";
import { openLedger } from "../report/database/open-ledger";
import { addDbOption, configOfFolder, type DbOption, dbPathOf } from "./db-option";
import { examples, parseCount } from "./options";
import type { Terminal } from "./terminal";

const TOKEN_VARIABLE = "RUNLEDGER_DASHBOARD_TOKEN";

interface Options extends DbOption {
  readonly port?: number;
  readonly host?: string;
  readonly allowHost?: readonly string[];
  readonly open?: true;
}

const DESCRIPTION = `Serves a web page on the ledger until interrupted: what was spent, on what, what changed, what fails, and a forecast of the month. It only reads.

By default only this machine can reach it. On another address it asks for a token: $${TOKEN_VARIABLE}, else a random one; the link that it prints lets in one browser, once.`;

/** `runledger dashboard` */
export function dashboardCommand(terminal: Terminal): Command {
  const command = new Command("dashboard").summary("serve a web page on the ledger").description(DESCRIPTION);
  return addDbOption(command)
    .option("--port <number>", `the port to listen on; 0: any free one; default: ${DEFAULT_PORT}`, parseCount)
    .option(
      "--host <address>",
      "the address to listen on; default: 127.0.0.1, which only this machine can reach",
    )
    .option("--allow-host <names...>", "more host names under which browsers may reach it, such as a proxy's")
    .option("--open", "open it in the browser")
    .addHelpText(
      "after",
      examples(
        "runledger dashboard --open",
        "runledger dashboard --db postgres://bot@db.internal/runledger --port 8080",
      ),
    )
    .action((options: Options) => dashboard(options, terminal));
}

async function dashboard(options: Options, terminal: Terminal): Promise<void> {
  const db = dbPathOf(options);
  const { budgets = [], unknownCostUsd } = configOfFolder() ?? {};
  const parsed = parseDashboardOptions({
    db,
    ...(budgets.length > 0 && { budgets: { budgets, unknownCostUsd } }),
    port: options.port,
    host: options.host,
    hosts: options.allowHost,
    token: process.env[TOKEN_VARIABLE] || undefined,
  });
  // A ledger that can't be read is reported now: the server would keep trying.
  await (await openLedger(db)).close();
  const interruption = terminal.interruption();
  const failed = Promise.withResolvers<never>();
  const logger = failing(failed.reject);
  await using running = new DashboardSupervisor(parsed, logger);
  await Promise.race([running.ready, failed.promise]);
  const url = running.link();
  await terminal.write(`The dashboard is at ${url}\nCtrl-C ends it.\n`);
  if (options.open === true) openInBrowser(url, terminal);
  await untilAborted(interruption);
}

/** The first error ends the command, so that nobody waits for a port to become free. */
function failing(fail: (error: Error) => void): Logger {
  const ignore = () => {};
  const error = (bindings: object) => {
    const reason = `${Object(bindings)["reason"]}`;
    const [, option] = /^(host|port) /.exec(reason) ?? [];
    const remedy = option === undefined ? "" : ` Name another one with --${option}.`;
    fail(new Error(`The dashboard can't be opened: ${reason}.${remedy}`));
  };
  return { debug: ignore, info: ignore, warn: ignore, error };
}

/** The dashboard's thread alone doesn't keep the process alive. */
async function untilAborted(signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  signal.addEventListener("abort", () => resolve());
  if (!signal.aborted) await keptAlive(promise, () => false);
}

const OPENERS: Readonly<Record<string, readonly string[]>> = {
  darwin: ["open"],
  win32: ["cmd", "/c", "start", ""],
};

function openInBrowser(url: string, terminal: Terminal): void {
  const [program = "", ...args] = OPENERS[process.platform] ?? ["xdg-open"];
  try {
    Bun.spawn([program, ...args, url], { stdio: ["ignore", "ignore", "ignore"], env: process.env }).unref();
  } catch {
    terminal.writeError(`No browser could be opened: ${program} is not there.\n`);
  }
}
