/** A series of a chart, as far as stacking needs it. */
export interface Stackable {
  readonly kind: "bar" | "line";
  readonly values: readonly (number | null)[];
}

/** The bounds between which each series is drawn, by label. */
export type Stack = readonly {
  readonly lower: readonly (number | null)[];
  readonly upper: readonly (number | null)[];
}[];

/** Stacks bars, each starting where the previous one ends; lines, and bars that aren't stacked, start at zero. */
export function stackUp(series: readonly Stackable[], length: number, isStacked: boolean): Stack {
  const heights = new Array<number>(length).fill(0);
  return series.map(({ kind, values }) => {
    if (kind === "line" || !isStacked) return { lower: new Array<number>(length).fill(0), upper: values };
    const lower = [...heights];
    for (let index = 0; index < length; index += 1)
      heights[index] = (heights[index] ?? 0) + (values[index] ?? 0);
    return { lower, upper: [...heights] };
  });
}
