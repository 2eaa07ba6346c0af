import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { FIGURES, type FigureName, USUAL_FIGURES } from "./figures";
import { describeMachine } from "./machine";
import { runPrices } from "./prices";
import { type Report, toJson, toMarkdown } from "./report";
import { runRounds } from "./rounds";

const USAGE = `bun run bench [${Object.keys(FIGURES).join("|")}]... [--json] [--quick] [--rounds N]
bun run bench prices FILE...\n`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: "boolean", default: false },
    quick: { type: "boolean", default: false },
    rounds: { type: "string" },
    help: { type: "boolean", default: false },
  },
});
if (positionals[0] === "prices") process.exit(await runPrices(positionals.slice(1)));
const unknown = positionals.filter((name) => !(name in FIGURES));
const rounds = Number(values.rounds ?? (values.quick ? 1 : 5));
if (values.help || unknown.length > 0 || !Number.isInteger(rounds) || rounds < 1) {
  process.stderr.write(USAGE);
  process.exit(values.help ? 0 : 2);
}

const names = positionals.length > 0 ? (positionals as FigureName[]) : USUAL_FIGURES;
const folder = mkdtempSync(join(tmpdir(), "runledger-bench-"));
try {
  const results: Report["results"] = await runAll();
  const report = { machine: describeMachine(folder), rounds, results };
  process.stdout.write(values.json ? `${toJson(report)}\n` : toMarkdown(report));
} finally {
  rmSync(folder, { recursive: true });
}

async function runAll(): Promise<Report["results"]> {
  const results = new Map();
  for (const name of names) {
    const say = (progress: string) => process.stderr.write(`${progress}\n`);
    results.set(name, await runRounds(name, { rounds, isQuick: values.quick, folder, say }));
  }
  return results;
}
