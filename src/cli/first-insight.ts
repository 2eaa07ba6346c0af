import { existsSync } from "node:fs";
import { isPostgresUrl } from "../postgres/url";
import { arePricesInstalled } from "../prices/genai-prices";
import { dayOf, toLedgerTime } from "../record/time";
import { formatCountOf } from "../report/format/values";
import { TRANSCRIPT_SOURCES } from "../transcripts/sources";
import { dbPathOf } from "./db-option";

/**
 * For somebody who has no ledger yet: which transcripts there are, and the command line that imports and reports them.
 * It reads only names and times of files.
 *
 * @returns `undefined` if there is a ledger.
 */
export function firstInsight(env: Readonly<Record<string, string | undefined>>): string | undefined {
  const path = placeOf();
  if (path === undefined || isPostgresUrl(path) || existsSync(path)) return undefined;
  const found = Object.entries(TRANSCRIPT_SOURCES).flatMap(([name, source]) => {
    const files = source.sessionFiles(source.folders(env));
    if (files.length === 0) return [];
    const sinceMs = files.reduce((earliest, { writtenAtMs }) => Math.min(earliest, writtenAtMs), Date.now());
    const since = dayOf(toLedgerTime(sinceMs));
    return [{ name, text: `  ${source.title}: ${formatCountOf(files.length, "session")} since ${since}` }];
  });
  // The way in which it was just called: with `bunx` and `npx` it is `exec`.
  const command = env["npm_command"] === "exec" ? "bunx runledger" : "runledger";
  const lines = found.length > 0 ? whatToRun(path, command, found) : howToFill(path, command);
  return lines.map((line) => `${line}\n`).join("");
}

/** `undefined` if it can't be the path of a ledger; the report will say so. */
function placeOf(): string | undefined {
  try {
    return dbPathOf({});
  } catch {
    return undefined;
  }
}

function whatToRun(
  path: string,
  command: string,
  found: readonly { readonly name: string; readonly text: string }[],
): string[] {
  const hasPrices = arePricesInstalled();
  const commands = [
    ...(hasPrices ? [] : ["bun add @pydantic/genai-prices"]),
    ...found.map(({ name }) => `${command} import --from ${name}`),
    `${command} report`,
  ];
  return [
    `There is no ledger at ${path} yet. On this machine are transcripts of`,
    "",
    ...found.map(({ text }) => text),
    "",
    `What they cost${hasPrices ? "" : ", estimated by the price list that the first command adds"}:`,
    "",
    `  ${commands.join(" && ")}`,
  ];
}

function howToFill(path: string, command: string): string[] {
  return [
    `There is no ledger at ${path} yet, and no transcript of Claude Code or Codex on this machine.`,
    'An application fills one: createApp().use(telemetryPlugin), of the package "runledger": docs/plugin.md.',
    `${command} import takes records from files; ${command} --help shows all commands.`,
  ];
}
