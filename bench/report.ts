import type { FigureName } from "./figures";
import { FIGURES } from "./figures";
import type { Case, Target } from "./figures/case";
import type { Figure } from "./figures/figure";
import type { describeMachine } from "./machine";
import type { Results } from "./results";

export interface Report {
  readonly machine: ReturnType<typeof describeMachine>;
  readonly rounds: number;
  readonly results: ReadonlyMap<FigureName, Results>;
}

/** The report as one line of JSON. */
export function toJson({ machine, rounds, results }: Report): string {
  const figures = Array.from(results, ([name, result]) => [
    name,
    {
      cases: result.cases().map((trial) => ({ ...trial, ...measuresOf(FIGURES[name], result, trial) })),
      targets: FIGURES[name].targets(result).map((target) => ({ ...target, isReached: isReached(target) })),
    },
  ]);
  return JSON.stringify({ machine, rounds, figures: Object.fromEntries(figures) });
}

/** The report as Markdown: a table for each figure, with its targets below. */
export function toMarkdown({ machine, rounds, results }: Report): string {
  const { pragmas, ...rest } = machine;
  const head = [
    `${rest.processor}, ${rest.cores} cores, ${rest.memoryGiB} GiB, ${rest.kernel}, ${rest.fileSystem}`,
    `Bun ${rest.bun}, SQLite ${rest.sqlite}, ${rest.at}, medians of ${rounds} rounds`,
    ...Object.entries(pragmas).map(([name, list]) => `${name}: ${list}`),
  ];
  const sections = Array.from(results, ([name, result]) => section(FIGURES[name], result));
  return `${[head.map((line) => `    ${line}`).join("\n"), ...sections].join("\n\n")}\n`;
}

function section(figure: Figure, results: Results): string {
  const [main = "", ...others] = figure.columns;
  const rows = results
    .cases()
    .map((trial) => [
      trial.labels === undefined ? trial.contender : `${trial.contender}, ${trial.labels} labels`,
      String(trial.repositories),
      ...(trial.rows === undefined ? [] : [trial.rows.toLocaleString("en")]),
      ...figure.columns.map((column) => show(results.median(column, trial))),
      results.rounds(main, trial).map(show).join(" "),
    ]);
  const hasRows = results.cases().some((trial) => trial.rows !== undefined);
  const header = [
    "contender",
    "repositories",
    ...(hasRows ? ["rows before"] : []),
    main,
    ...others,
    `rounds of ${main}`,
  ];
  const targets = figure
    .targets(results)
    .map(
      (target) =>
        `- ${isReached(target) ? "pass" : "FAIL"}: ${target.name}: ${show(target.value)} (target: at ${target.isUpperLimit ? "most" : "least"} ${show(target.limit)})`,
    );
  return [`### ${figure.title}`, "", ...table([header, ...rows]), "", ...targets].join("\n").trimEnd();
}

function table([header = [], ...rows]: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(header), line(header.map((_, column) => (column === 0 ? "---" : "---:"))), ...rows.map(line)];
}

function measuresOf(figure: Figure, results: Results, trial: Case) {
  return Object.fromEntries(
    figure.columns.map((column) => [
      column,
      { median: results.median(column, trial), rounds: results.rounds(column, trial) },
    ]),
  );
}

function isReached({ value, limit, isUpperLimit }: Target): boolean {
  return isUpperLimit ? value <= limit : value >= limit;
}

function show(value: number): string {
  if (Number.isNaN(value)) return "–";
  if (value >= 1_000) return Math.round(value).toLocaleString("en");
  return value.toFixed(value < 0.1 ? 3 : value < 100 ? 2 : 0);
}
