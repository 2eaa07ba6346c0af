import { mkdtempSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { builtPackage } from "../../test/support/dist";
import { median } from "../results";
import type { Measures } from "./case";
import type { ReadingFigure } from "./figure";

const ROOT = resolve(import.meta.dir, "../..");
const STARTS = 15;

/** Programs by the measure that they are for; `PACKAGE` is the built package, which stays in its folder. */
const PROGRAMS = {
  emptyMs: "",
  importMs: 'import "PACKAGE/index.js";',
  pinoMs: 'import "pino";',
  otelMs: 'import "@opentelemetry/api"; import "@opentelemetry/sdk-trace";',
};

const FIRST_EMIT = `
import { createApp, telemetryPlugin } from "PACKAGE/index.js";
const startMs = performance.now();
const app = createApp().use(telemetryPlugin);
app.emitter.emit("execution:completed", { repo: "o/r", eventType: "push", model: "m", conclusion: "success" });
const elapsedMs = performance.now() - startMs;
console.log(elapsedMs);
`;

/** Starts each program in turn, repeatedly, along with an empty one for comparison. */
async function measureStarts(dbPath: string): Promise<Measures> {
  const built = builtPackage();
  // Within the repository, where packages are found.
  const folder = mkdtempSync(join(ROOT, "node_modules", ".startup-"));
  const script = (name: string, text: string): string => {
    const path = join(folder, `${name}.ts`);
    writeFileSync(path, text.replaceAll("PACKAGE", built));
    return path;
  };
  const commandLine = join(built, "cli.js");
  const commands: Record<string, readonly string[]> = {
    ...Object.fromEntries(Object.entries(PROGRAMS).map(([name, text]) => [name, [script(name, text)]])),
    versionMs: [commandLine, "--version"],
    reportMs: [commandLine, "report", "--db", dbPath],
  };
  const firstEmit = script("first-emit", FIRST_EMIT);
  const times: Record<string, number[]> = {};
  for (let round = 0; round < STARTS; round += 1) {
    const inTurn = Object.entries(commands);
    for (const [name, command] of round % 2 === 0 ? inTurn : inTurn.toReversed()) {
      const startMs = performance.now();
      start(command);
      times[name] = [...(times[name] ?? []), performance.now() - startMs];
    }
    const TELEMETRY_DB_PATH = join(folder, `${round}.db`);
    const printed = start([firstEmit], { ...process.env, TELEMETRY_DB_PATH });
    times["firstEmitMs"] = [...(times["firstEmitMs"] ?? []), Number(printed)];
  }
  const medianOf = (name: string) => median(times[name] ?? []);
  const aboveEmpty = (name: string) => medianOf(name) - medianOf("emptyMs");
  return {
    importMs: aboveEmpty("importMs"),
    firstEmitMs: medianOf("firstEmitMs"),
    versionMs: medianOf("versionMs"),
    reportMs: medianOf("reportMs"),
    emptyMs: medianOf("emptyMs"),
    pinoMs: aboveEmpty("pinoMs"),
    otelMs: aboveEmpty("otelMs"),
  };
}

function start(command: readonly string[], env: NodeJS.ProcessEnv = process.env): string {
  const { exitCode, stdout, stderr } = Bun.spawnSync([process.execPath, ...command], { env });
  if (exitCode !== 0) throw new Error(`bun ${command.join(" ")} failed:\n${stderr}`);
  return `${stdout}`;
}

export const startup: ReadingFigure = {
  title: `importMs: what import "runledger" adds to an empty program, medians of ${STARTS} starts`,
  columns: ["importMs", "firstEmitMs", "versionMs", "reportMs", "emptyMs", "pinoMs", "otelMs"],
  cases: () => [{ contender: "runledger", repositories: 20, rows: 1_000 }],
  pace: () => ({ warmUpMs: 0, durationMs: 0 }),
  read: measureStarts,
  targets: (results) => {
    const [trial] = results.cases();
    if (trial === undefined) return [];
    const target = (name: string, column: string, limit: number) => ({
      name: `ms, ${name}`,
      value: results.median(column, trial),
      limit,
      isUpperLimit: true,
    });
    return [
      target('import "runledger", above an empty program', "importMs", 25),
      target("app.use(telemetryPlugin) to the first emit", "firstEmitMs", 10),
      target("runledger --version", "versionMs", 40),
      target("runledger report on a small ledger", "reportMs", 100),
    ];
  },
};
