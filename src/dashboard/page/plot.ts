import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import type { ChartProps } from "./chart";
import { fillOf, type Palette, paletteOf, useTheme } from "./chart-style";
import type { Stack } from "./stack";

// Draws a chart with uPlot.

export const HEIGHT = 220;
/** The smallest distance between labels of the x axis, in CSS pixels. */
const LABEL_PX = 64;
const MOST_POINTS = 45;
/** Dragging less than this counts as a click, in CSS pixels. */
const SHORTEST_DRAG_PX = 4;

/** What is currently drawn. */
interface Drawn {
  readonly props: ChartProps;
  readonly stack: Stack;
}

/** Draws a chart into its element. New figures update the same drawing, so that they don't end a drag. */
export function usePlot(
  place: { readonly current: HTMLDivElement | null },
  plot: { current: uPlot | undefined },
  props: ChartProps,
  stack: Stack,
  onPlace: (index: number | undefined) => void,
): void {
  const theme = useTheme();
  const cursor = useRef<number | undefined>(undefined);
  const drawn = useRef<Drawn>({ props, stack });
  drawn.current = { props, stack };
  const { labels, series, marks } = props;
  // Compared as text: the objects are new each time, but mean the same.
  const structure = JSON.stringify([series.map(({ values, ...rest }) => rest), labels.length, theme]);
  const content = JSON.stringify([labels, stack, [...(marks?.keys() ?? [])]]);
  useEffect(() => {
    const element = place.current;
    if (element === null) return;
    const made = new uPlot(
      optionsOf(drawn, paletteOf(element), element.clientWidth, (index) => {
        cursor.current = index;
        onPlace(index);
      }),
      dataOf(drawn.current),
      element,
    );
    plot.current = made;
    if (cursor.current !== undefined) moveCursor(made, cursor.current);
    const observer = new ResizeObserver(() => {
      if (element.clientWidth !== made.width) made.setSize({ width: element.clientWidth, height: HEIGHT });
    });
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
      plot.current = undefined;
    };
  }, [structure]);
  useEffect(() => plot.current?.setData(dataOf(drawn.current)), [content]);
}

/** Moves the cursor to a label. */
export function moveCursor(plot: uPlot | undefined, index: number): void {
  plot?.setCursor({ left: plot.valToPos(index, "x"), top: 10 });
}

/** Shows a range of labels as selected; without the first one, none. */
export function select(plot: uPlot | undefined, from: number | undefined, to: number): void {
  if (plot === undefined) return;
  const [first, last] = [Math.min(from ?? to, to) - 0.5, Math.max(from ?? to, to) + 0.5];
  const left = plot.valToPos(first, "x");
  const width = from === undefined ? 0 : plot.valToPos(last, "x") - left;
  plot.setSelect({ left, width, top: 0, height: plot.over.clientHeight }, false);
}

function dataOf({ props, stack }: Drawn): uPlot.AlignedData {
  return [
    props.labels.map((_, index) => index),
    ...stack.map(({ upper }) => [...upper]),
  ] as uPlot.AlignedData;
}

function optionsOf(
  drawn: { readonly current: Drawn },
  palette: Palette,
  width: number,
  onPlace: (index: number | undefined) => void,
): uPlot.Options {
  const labelAt = (index: number) => drawn.current.props.labels[index] ?? "";
  const { series, unit, band, onSelect } = drawn.current.props;
  const bounds = band?.map((name) => 1 + series.findIndex((one) => one.name === name));
  const axis = { stroke: palette.faint, ticks: { show: false }, font: palette.font };
  return {
    width,
    height: HEIGHT,
    padding: [14, 18, 0, 0],
    legend: { show: false },
    cursor: {
      y: false,
      points: { size: 6 },
      drag: { x: onSelect !== undefined, y: false, setScale: false },
    },
    scales: {
      x: { time: false, range: () => [-0.5, Math.max(0.5, drawn.current.props.labels.length - 0.5)] },
      y: { range: (_, __, max) => [0, max > 0 ? max * 1.08 : 1] },
    },
    axes: [
      {
        ...axis,
        grid: { show: false },
        size: 24,
        splits: (self) => labelled(drawn.current.props.labels.length, self.bbox.width / devicePixelRatio),
        values: (_, splits) => splits.map((index) => shortLabel(labelAt(index))),
      },
      {
        ...axis,
        grid: { stroke: palette.line, width: 1 },
        size: (_, values) => 14 + 6 * Math.max(3, ...(values ?? []).map((value) => value.length)),
        values: (_, splits) => splits.map(unit.axis),
        ...(unit.steps !== undefined && { incrs: [...unit.steps] }),
      },
    ],
    series: [
      {},
      ...series.map((one, index): uPlot.Series => {
        const colour = palette.toneOf(one.tone);
        if (one.kind === "bar") {
          const fill = fillOf(one.tone, palette);
          return { stroke: colour, fill, width: 0, points: { show: false }, paths: bars(drawn, index) };
        }
        return {
          stroke: colour,
          width: one.isBound === true ? 1 : 2,
          ...(one.isDashed === true ? { dash: [4, 4] } : {}),
          points: {
            show: () => one.isBound !== true && isSparse(drawn.current.props.series[index]?.values ?? []),
            size: 4,
            fill: colour,
          },
        };
      }),
    ],
    ...(bounds !== undefined && {
      bands: [{ series: bounds as unknown as uPlot.Band.Bounds, fill: palette.shade }],
    }),
    hooks: {
      setCursor: [({ cursor }) => onPlace(cursor.idx ?? undefined)],
      setSelect: [
        (self) => {
          const { left, width } = self.select;
          const { onSelect } = drawn.current.props;
          if (onSelect === undefined || width < SHORTEST_DRAG_PX) return;
          const [first, last] = [self.posToIdx(left), self.posToIdx(left + width)];
          self.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
          onSelect(labelAt(first), labelAt(last));
        },
      ],
      draw: [(self) => drawMarks(self, drawn.current, palette)],
    },
  };
}

/** With this few values, points are drawn too: a value between two unknown ones has no line. */
function isSparse(values: readonly (number | null)[]): boolean {
  return values.filter((value) => value !== null).length < MOST_POINTS;
}

/** The positions on the x axis that get a label, starting from the last. */
function labelled(length: number, widthPx: number): number[] {
  const step = Math.max(1, Math.ceil(length / Math.max(1, Math.floor(widthPx / LABEL_PX))));
  const indexes: number[] = [];
  for (let index = length - 1; index >= 0; index -= step) indexes.unshift(index);
  return indexes;
}

/** Bars, each starting where the one below it ends. */
function bars(drawn: { readonly current: Drawn }, series: number): uPlot.Series.PathBuilder {
  return (self, _, first, last) => {
    const fill = new Path2D();
    const { upper = [], lower = [] } = drawn.current.stack[series] ?? {};
    const step = self.valToPos(1, "x", true) - self.valToPos(0, "x", true);
    const width = Math.max(1, Math.min(step * 0.72, 40 * devicePixelRatio));
    for (let index = first; index <= last; index += 1) {
      const [to, from] = [upper[index], lower[index] ?? 0];
      if (to === null || to === undefined || to === from) continue;
      const [top, bottom] = [self.valToPos(to, "y", true), self.valToPos(from, "y", true)];
      fill.rect(
        Math.round(self.valToPos(index, "x", true) - width / 2),
        top,
        Math.round(width),
        bottom - top,
      );
    }
    return {
      fill,
      stroke: null,
      clip: null,
      band: null,
      gaps: null,
      flags: 0,
    } as unknown as uPlot.Series.Paths;
  };
}

function drawMarks(self: uPlot, { props: { labels, marks }, stack }: Drawn, { bad, font }: Palette): void {
  if (marks === undefined) return;
  const { ctx } = self;
  ctx.save();
  ctx.fillStyle = bad;
  ctx.font = `bold ${Math.round(13 * devicePixelRatio)}px ${font.split("px ")[1] ?? "sans-serif"}`;
  ctx.textAlign = "center";
  for (const [index, label] of labels.entries()) {
    if (!marks.has(label)) continue;
    const highest = Math.max(0, ...stack.map(({ upper }) => upper[index] ?? 0));
    ctx.fillText(
      "!",
      self.valToPos(index, "x", true),
      self.valToPos(highest, "y", true) - 4 * devicePixelRatio,
    );
  }
  ctx.restore();
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** `27 Nov` for a day; anything else as it is. */
function shortLabel(label: string): string {
  const [, month, day] = /^\d{4}-(\d{2})-(\d{2})$/.exec(label) ?? [];
  return month === undefined ? label : `${Number(day)} ${MONTHS[Number(month) - 1]}`;
}
