import { join } from "node:path";
import { CONTENDERS } from "./contenders";
import { LEDGER_FILE } from "./contenders/contender";
import { eventSource } from "./events";
import { FIGURES, type FigureName } from "./figures";
import type { Case, Measures, Pace } from "./figures/case";
import type { Figure } from "./figures/figure";

// Runs one case of one figure in its own process: `bun bench/trial.ts <spec as JSON>` prints what it measured.

export interface TrialSpec extends Case, Pace {
  readonly figure: FigureName;
  readonly folder: string;
}

if (import.meta.main) {
  const spec = JSON.parse(process.argv[2] ?? "{}") as TrialSpec;
  process.stdout.write(`${JSON.stringify(await run(spec))}\n`);
}

async function run(spec: TrialSpec): Promise<Measures> {
  const figure: Figure = FIGURES[spec.figure];
  if ("read" in figure) return figure.read(join(spec.folder, LEDGER_FILE), spec);
  const start = await CONTENDERS[spec.contender]();
  const contender = await start(spec.folder);
  const next = eventSource(spec.repositories, undefined, spec.labels);
  let emitted = 0;
  const nextEvent = () => {
    emitted += 1;
    return next();
  };
  const measures = await figure.measure(contender, nextEvent, spec);
  const stored = await contender.close();
  if (stored !== emitted) throw new Error(`${spec.contender} stored ${stored} of ${emitted} events`);
  return { ...measures, ...figure.measureClosed?.(spec.folder, stored) };
}
