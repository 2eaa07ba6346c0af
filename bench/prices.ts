import { compare, entriesOf, type PriceRatio } from "./price-ratios";

const USAGE = `bun run bench prices FILE...

Compares what result messages of Claude Code or the Agent SDK (JSON lines) say that each model cost with estimates from
their tokens, as \`estimateCost\` makes them, and says why they differ. Exit code 1 when it can't say it of one of them.
`;

/** `bun run bench prices`: compares estimates with reported costs. Returns the exit code. */
export async function runPrices(files: readonly string[]): Promise<number> {
  if (files.length === 0) {
    process.stderr.write(USAGE);
    return 2;
  }
  const texts = await Promise.all(files.map(async (file) => entriesOf(await Bun.file(file).text(), file)));
  const ratios = texts.flat().map(compare);
  process.stdout.write(`${toMarkdown(ratios)}\n`);
  const unexplained = ratios.filter(({ explanation }) => explanation === undefined);
  for (const { origin, usage, ratio } of unexplained)
    process.stderr.write(`unexplained: ${origin} ${usage.model} ${ratio?.toFixed(3)}\n`);
  return unexplained.length > 0 ? 1 : 0;
}

function toMarkdown(ratios: readonly PriceRatio[]): string {
  const keyOf = ({ ratio, explanation = "unexplained" }: PriceRatio) =>
    `| ${ratio?.toFixed(3) ?? "–"} | ${explanation} |`;
  const groups = [...Map.groupBy(ratios, keyOf)].sort(([, a], [, b]) => b.length - a.length);
  const rows = groups.map(([key, { length }]) => `| ${length} ${key}`);
  return ["| entries | estimated / reported | because |", "|---:|---:|---|", ...rows].join("\n");
}
