import type { ComponentChildren } from "preact";
import { useId, useRef, useState } from "preact/hooks";
import type uPlot from "uplot";
import { type ChartSeries, readable, swatchClass } from "./chart-style";
import type { Unit } from "./figures";
import { HEIGHT, moveCursor, select, usePlot } from "./plot";
import { stackUp } from "./stack";

/** What a chart shows. */
export interface ChartProps {
  readonly title: string;
  /** What a label is, as the table's heading. Default: the day. */
  readonly axisName?: string;
  /** The labels of the x axis, mostly days: `2026-11-27`. */
  readonly labels: readonly string[];
  readonly series: readonly ChartSeries[];
  /** Bars are stacked, and have a sum. */
  readonly isStacked?: boolean;
  readonly unit: Unit;
  /** What is shown below the chart. */
  readonly footer?: ComponentChildren;
  /** Remarks on single labels; these are marked. */
  readonly marks?: ReadonlyMap<string, string>;
  /** The series between which the likely range is shaded. */
  readonly band?: readonly [upper: string, lower: string];
  /** Called when labels are selected, by dragging or with keys. */
  readonly onSelect?: (first: string, last: string) => void;
}

const KEYS =
  "Arrow keys move along it, Shift and an arrow key select, Enter shows what is selected, T the table.";

/**
 * A chart for everybody: keys can do everything that a pointer can, and a table has everything that is drawn. The
 * legend's entries are buttons that hide their series.
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
      {footer !== undefined && footer !== false && <div class="under">{footer}</div>}
      <ChartTable {...props} isHidden={!hasTable} />
    </figure>
  );
}

/** The same figures as text: for anybody who can't see the drawing, and one key away for everybody else. */
function ChartTable({
  title,
  axisName = "day",
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
            <th scope="col">{axisName}</th>
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
