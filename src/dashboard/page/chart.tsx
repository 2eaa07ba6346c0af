import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import uPlot from "uplot";
import {
  type ChartSeries,
  fillOf,
  type Palette,
  paletteOf,
  readable,
  swatchClass,
  useTheme,
} from "./chart-style";
import type { Unit } from "./figures";
import { type Stack, stackUp } from "./stack";

/** What a chart shows. */
export interface ChartProps {
  readonly title: string;
  /** What there is along the x axis, mostly days: `2026-11-27`. */
  readonly labels: readonly string[];
  readonly series: readonly ChartSeries[];
  /** Bars stand on one another, and have a sum. */
  readonly isStacked?: boolean;
  readonly unit: Unit;
  /** What stands under it. */
  readonly footer?: ComponentChildren;
  /** What is said of single labels; they are marked. */
  readonly marks?: ReadonlyMap<string, string>;
  /** The series between which the likely range is shaded. */
  readonly band?: readonly [upper: string, lower: string];
  /** When some labels are selected, by dragging or by keys. */
  readonly onSelect?: (first: string, last: string) => void;
}

const HEIGHT = 220;
const KEYS =
  "Arrow keys move along it, Shift and an arrow key select, Enter shows what is selected, T the table.";

/**
 * A chart for everybody: what a pointer can do, keys can; what is drawn is said, and stands in a table. Entries of the
 * legend are buttons that hide their series.
 */
export function Chart(props: ChartProps) {
  const { title, labels, series, isStacked = false, marks, onSelect, footer } = props;
  const { format } = props.unit;
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set());
  const [place, setPlace] = useState<number>();
  const [said, setSaid] = useState("");
  const [anchor, setAnchor] = useState<number>();
  const [hasTable, setHasTable] = useState(false);
  const canvas = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const helpId = useId();
  const shown = series.filter(({ name }) => !hidden.has(name));
  const stack = stackUp(shown, labels.length, isStacked);
  usePlot(canvas, plot, { ...props, series: shown }, stack, setPlace);

  const at = place ?? labels.length - 1;
  const label = labels[at];
  const sumAt = (index: number) => shown.reduce((sum, { values }) => sum + (values[index] ?? 0), 0);
  const sentence = (index: number) => {
    const values = shown.flatMap(({ name, values }) => {
      const value = values[index];
      return value === null || value === undefined || (isStacked && value === 0)
        ? []
        : [`${name} ${format(value)}`];
    });
    const mark = marks?.get(labels[index] ?? "");
    const sum = isStacked && values.length > 1 ? [`in all ${format(sumAt(index))}`] : [];
    return `${readable(labels[index] ?? "")}: ${[...values, ...sum].join(", ") || "nothing"}${mark === undefined ? "" : `. ${mark}`}`;
  };
  const moveTo = (index: number) => {
    const next = Math.max(0, Math.min(labels.length - 1, index));
    setPlace(next);
    setSaid(sentence(next));
    moveCursor(plot.current, next);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.target !== event.currentTarget || event.ctrlKey || event.metaKey || event.altKey) return;
    const step = {
      ArrowLeft: -1,
      ArrowRight: 1,
      Home: Number.NEGATIVE_INFINITY,
      End: Number.POSITIVE_INFINITY,
    }[event.key];
    if (step !== undefined) {
      const next = Math.max(0, Math.min(labels.length - 1, at + step));
      const from = event.shiftKey && onSelect !== undefined ? (anchor ?? at) : undefined;
      setAnchor(from);
      select(plot.current, from, next);
      moveTo(next);
    } else if (event.key === "Enter" && anchor !== undefined && onSelect !== undefined) {
      const [first = "", last = ""] = [labels[Math.min(anchor, at)], labels[Math.max(anchor, at)]];
      setAnchor(undefined);
      onSelect(first, last);
    } else if (event.key === "Escape" && anchor !== undefined) {
      setAnchor(undefined);
      select(plot.current, undefined, at);
    } else if (event.key.toLowerCase() === "t") {
      setHasTable(!hasTable);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const toggle = (name: string) => {
    const next = new Set(hidden);
    if (!next.delete(name)) next.add(name);
    setHidden(next);
  };
  const total = isStacked && shown.length > 1 && label !== undefined;

  return (
    <figure class="panel chart">
      <figcaption class="panel-head">
        <h3>{title}</h3>
        <span class="faint number">{place === undefined || label === undefined ? "" : readable(label)}</span>
        <button type="button" class="quiet" aria-pressed={hasTable} onClick={() => setHasTable(!hasTable)}>
          Table
        </button>
      </figcaption>
      <div
        class="plot"
        role="group"
        aria-roledescription="chart"
        aria-label={title}
        aria-describedby={helpId}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it takes keys.
        tabIndex={0}
        onKeyDown={onKeyDown}
        onFocus={() => place === undefined && labels.length > 0 && moveTo(labels.length - 1)}
      >
        <div ref={canvas} style={{ height: `${HEIGHT}px` }} aria-hidden="true" />
        <p class="hidden-text" id={helpId}>
          {KEYS}
        </p>
        <p class="hidden-text" aria-live="polite">
          {said}
        </p>
      </div>
      <ul class="legend">
        {series
          .filter(({ isBound }) => isBound !== true)
          .map(({ name, values, tone, isDashed }) => {
            const value = values[at];
            return (
              <li key={name}>
                <button type="button" aria-pressed={!hidden.has(name)} onClick={() => toggle(name)}>
                  <span
                    class={`swatch ${swatchClass(tone)}${isDashed === true ? " dashed" : ""}`}
                    aria-hidden="true"
                  />
                  <span class="name">{name}</span>
                  {place !== undefined && (
                    <span class="number faint">
                      {value === null || value === undefined ? "–" : format(value)}
                    </span>
                  )}
                </button>
              </li>
            );
          })}
        {total && place !== undefined && <li class="number">in all {format(sumAt(at))}</li>}
      </ul>
      {marks !== undefined && marks.size > 0 && (
        <p class="faint marks">
          <b class="mark">!</b> {[...marks.keys()].map(readable).join(", ")}: more than 3 × the median of the
          same weekdays of the 8 weeks before
        </p>
      )}
      {footer !== undefined && <p class="under">{footer}</p>}
      <ChartTable {...props} isHidden={!hasTable} />
    </figure>
  );
}

/** The same figures as text: for whoever can't see the drawing, and for all one key away. */
function ChartTable({
  title,
  labels,
  series,
  unit: { format },
  isHidden,
}: ChartProps & { readonly isHidden: boolean }) {
  return (
    <div
      class={isHidden ? "hidden-text" : "table-scroll"}
      {...(isHidden ? {} : { tabIndex: 0, role: "region", "aria-label": `${title}: table` })}
    >
      <table>
        <caption class="hidden-text">{title}</caption>
        <thead>
          <tr>
            <th scope="col">day</th>
            {series.map(({ name }) => (
              <th key={name} scope="col" class="number">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {labels.map((label, index) => (
            <tr key={label}>
              <th scope="row">{label}</th>
              {series.map(({ name, values }) => {
                const value = values[index];
                return (
                  <td key={name} class="number">
                    {value === null || value === undefined ? "–" : format(value)}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Draws the chart into its place, and again whenever what it shows, its width or the theme changes. */
function usePlot(
  place: { readonly current: HTMLDivElement | null },
  plot: { current: uPlot | undefined },
  props: ChartProps,
  stack: Stack,
  onPlace: (index: number | undefined) => void,
): void {
  const theme = useTheme();
  const cursor = useRef<number | undefined>(undefined);
  // What is drawn, as text: functions are new each time, but mean the same.
  const content = JSON.stringify([
    props.labels,
    props.series,
    stack,
    [...(props.marks?.keys() ?? [])],
    theme,
  ]);
  useEffect(() => {
    const element = place.current;
    if (element === null) return;
    const palette = paletteOf(element);
    const options = optionsOf(props, stack, palette, element.clientWidth, (index) => {
      cursor.current = index;
      onPlace(index);
    });
    const made = new uPlot(
      options,
      [props.labels.map((_, index) => index), ...stack.map(({ upper }) => upper)] as uPlot.AlignedData,
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
  }, [content]);
}

function moveCursor(plot: uPlot | undefined, index: number): void {
  plot?.setCursor({ left: plot.valToPos(index, "x"), top: 10 });
}

function select(plot: uPlot | undefined, from: number | undefined, to: number): void {
  if (plot === undefined) return;
  const [first, last] = [Math.min(from ?? to, to) - 0.5, Math.max(from ?? to, to) + 0.5];
  const left = plot.valToPos(first, "x");
  const width = from === undefined ? 0 : plot.valToPos(last, "x") - left;
  plot.setSelect({ left, width, top: 0, height: plot.over.clientHeight }, false);
}

/** How far apart the labels of the x axis are at least, in CSS pixels. */
const LABEL_PX = 64;

function optionsOf(
  { labels, series, unit, marks, band, onSelect }: ChartProps,
  stack: Stack,
  palette: Palette,
  width: number,
  onPlace: (index: number | undefined) => void,
): uPlot.Options {
  const axis = { stroke: palette.faint, ticks: { show: false }, font: palette.font };
  const bandSeries = band?.map((name) => 1 + series.findIndex((one) => one.name === name)) ?? [];
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
      x: { time: false, range: () => [-0.5, Math.max(0.5, labels.length - 0.5)] },
      y: { range: (_, __, max) => [0, max > 0 ? max * 1.08 : 1] },
    },
    axes: [
      {
        ...axis,
        grid: { show: false },
        size: 24,
        splits: (self) => {
          const most = Math.max(1, Math.floor(self.bbox.width / devicePixelRatio / LABEL_PX));
          const step = Math.max(1, Math.ceil(labels.length / most));
          const indexes: number[] = [];
          for (let index = labels.length - 1; index >= 0; index -= step) indexes.unshift(index);
          return indexes;
        },
        values: (_, splits) => splits.map((index) => shortLabel(labels[index] ?? "")),
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
          const lower = stack[index]?.lower ?? [];
          return {
            stroke: colour,
            fill: fillOf(one.tone, palette),
            width: 0,
            points: { show: false },
            paths: bars(lower),
          };
        }
        return {
          stroke: colour,
          width: one.isBound === true ? 1 : 2,
          ...(one.isDashed === true ? { dash: [4, 4] } : {}),
          points: { show: one.isBound !== true && labels.length < 45, size: 4, fill: colour },
        };
      }),
    ],
    ...(band !== undefined && {
      bands: [{ series: bandSeries as unknown as uPlot.Band.Bounds, fill: palette.shade }],
    }),
    hooks: {
      setCursor: [({ cursor }) => onPlace(cursor.idx ?? undefined)],
      setSelect: [
        (self) => {
          const { left, width } = self.select;
          if (onSelect === undefined || width < 4) return;
          const [first, last] = [self.posToIdx(left), self.posToIdx(left + width)];
          self.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
          onSelect(labels[first] ?? "", labels[last] ?? "");
        },
      ],
      draw: [(self) => drawMarks(self, labels, stack, marks, palette)],
    },
  };
}

/** Bars from one value to another, for each label one. */
function bars(lower: readonly (number | null)[]): uPlot.Series.PathBuilder {
  return (self, seriesIndex, first, last) => {
    const fill = new Path2D();
    const step = self.valToPos(1, "x", true) - self.valToPos(0, "x", true);
    const width = Math.max(1, Math.min(step * 0.72, 40 * devicePixelRatio));
    for (let index = first; index <= last; index += 1) {
      const [to, from] = [self.data[seriesIndex]?.[index], lower[index] ?? 0];
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

function drawMarks(
  self: uPlot,
  labels: readonly string[],
  stack: Stack,
  marks: ChartProps["marks"],
  { bad, font }: Palette,
): void {
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
