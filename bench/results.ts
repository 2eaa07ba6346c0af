import type { Case, Measures } from "./figures/case";

/** What the trials of one figure measured, by case and round. */
export class Results {
  readonly #rounds = new Map<string, { readonly case: Case; readonly measured: Measures[] }>();

  add(trial: Case, measures: Measures): void {
    const rounds = this.#rounds.get(keyOf(trial)) ?? { case: trial, measured: [] };
    rounds.measured.push(measures);
    this.#rounds.set(keyOf(trial), rounds);
  }

  cases(): Case[] {
    return Array.from(this.#rounds.values(), (rounds) => rounds.case);
  }

  repositories(): number[] {
    return [...new Set(this.cases().map(({ repositories }) => repositories))];
  }

  rounds(measure: string, trial: Case): number[] {
    const measured = this.#rounds.get(keyOf(trial))?.measured ?? [];
    return measured.map((measures) => measures[measure] ?? Number.NaN);
  }

  median(measure: string, trial: Case): number {
    return median(this.rounds(measure, trial));
  }

  /** The median over the rounds of a comparison of two cases: what slows down a round slows down both. */
  paired(measure: string, a: Case, b: Case, compare: (a: number, b: number) => number): number {
    const others = this.rounds(measure, b);
    return median(this.rounds(measure, a).map((value, round) => compare(value, others[round] ?? Number.NaN)));
  }
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}

function keyOf({ contender, repositories, rows, labels = 0 }: Case): string {
  return `${contender} ${repositories} ${rows} ${labels}`;
}
