import { closeSync, constants, copyFileSync, fsyncSync, mkdirSync, openSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { LEDGER_FILE } from "./contenders/contender";
import { FIGURES, type FigureName } from "./figures";
import type { Case, Measures } from "./figures/case";
import { prefill } from "./prefill";
import { Results } from "./results";
import type { TrialSpec } from "./trial";

export interface RoundOptions {
  readonly rounds: number;
  readonly isQuick: boolean;
  /** A folder for ledgers, on the disk that is to be measured. */
  readonly folder: string;
  readonly say: (progress: string) => void;
}

/** Runs each case of a figure once per round, in an order that is reversed and rotated from round to round. */
export async function runRounds(name: FigureName, options: RoundOptions): Promise<Results> {
  const { rounds, isQuick, say } = options;
  const cases = FIGURES[name].cases(isQuick);
  const results = new Results();
  for (const trial of cases) fillOnce(trial, options);
  for (let round = 0; round < rounds; round += 1) {
    const measured = new Map<Case, Measures>();
    for (const trial of inOrder(cases, round)) {
      measured.set(trial, await runTrial(name, trial, options));
      say(`${name} ${round + 1}/${rounds} ${describe(trial)} ${JSON.stringify(measured.get(trial))}`);
    }
    // Back in the order of the cases, which the report keeps.
    for (const trial of cases) results.add(trial, measured.get(trial) ?? {});
  }
  return results;
}

function inOrder(cases: readonly Case[], round: number): Case[] {
  const start = Math.ceil(round / 2) % cases.length;
  const rotated = [...cases.slice(start), ...cases.slice(0, start)];
  return round % 2 === 0 ? rotated : rotated.toReversed();
}

/** Synced to the disk: otherwise the system would write the copy during the trial. */
function copyToDisk(from: string, to: string): void {
  copyFileSync(from, to, constants.COPYFILE_FICLONE);
  const file = openSync(to, "r");
  fsyncSync(file);
  closeSync(file);
}

async function runTrial(name: FigureName, trial: Case, options: RoundOptions): Promise<Measures> {
  if ("read" in FIGURES[name]) return runIn(dirname(filledLedger(trial, options)), name, trial, options);
  const folder = join(options.folder, "trial");
  mkdirSync(folder);
  try {
    if (trial.rows !== undefined) copyToDisk(filledLedger(trial, options), join(folder, LEDGER_FILE));
    return await runIn(folder, name, trial, options);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function runIn(
  folder: string,
  name: FigureName,
  trial: Case,
  { isQuick }: RoundOptions,
): Promise<Measures> {
  const spec: TrialSpec = { figure: name, folder, ...trial, ...FIGURES[name].pace(isQuick) };
  const child = Bun.spawn([process.execPath, join(import.meta.dir, "trial.ts"), JSON.stringify(spec)], {
    stdout: "pipe",
    stderr: "inherit",
  });
  const output = await child.stdout.text();
  if ((await child.exited) !== 0) throw new Error(`The trial failed: ${JSON.stringify(spec)}`);
  return JSON.parse(output);
}

/** Creating a ledger takes minutes, copying it seconds. */
function fillOnce(trial: Case, options: RoundOptions): void {
  if (trial.rows === undefined) return;
  const folder = dirname(filledLedger(trial, options));
  mkdirSync(folder);
  const start = performance.now();
  prefill(folder, trial, trial.rows);
  options.say(`filled ${describe(trial)} in ${Math.round((performance.now() - start) / 1_000)} s`);
}

function filledLedger(
  { repositories, rows, models = 0, labels = 0 }: Case,
  { folder }: RoundOptions,
): string {
  return join(folder, `filled-${repositories}-${rows}-${models}-${labels}`, LEDGER_FILE);
}

function describe({ contender, repositories, rows, labels }: Case): string {
  const more = [
    ...(rows === undefined ? [] : [`${rows} rows`]),
    ...(labels === undefined ? [] : [`${labels} labels`]),
  ];
  return [contender, `${repositories} repositories`, ...more].join(", ");
}
