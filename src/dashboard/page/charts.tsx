import type { ReportJson } from "../../report/format/json";
import type { UsageGroup } from "../../report/types";
import { Chart } from "./chart";
import type { ChartSeries, Tone } from "./chart-style";
import { usePage } from "./context";
import { type Loaded, useAnswer } from "./data";
import { COUNT, DURATION, MONEY, money } from "./figures";
import { Panel, TextButton } from "./parts";
import { type Axis, apiPath, axisOf, dayAfter, dayIn, eachDay, nameParameters } from "./state";

/** How many models have their own colour; the others are summed up. */
const MOST_MODELS = 6;
export const OTHERS = "others";

/** Dragging or keys select a period. */
function useSelection({ lastDayOf }: Axis): (first: string, last: string) => void {
  const { state, show } = usePage();
  return (from, to) => show({ ...state, period: { from, to: lastDayOf(to) } });
}

export function CostChart({
  loaded,
  axis,
  marks,
}: {
  readonly loaded: Loaded<ReportJson>;
  readonly axis: Axis;
  readonly marks: ReadonlyMap<string, string>;
}) {
  const onSelect = useSelection(axis);
  if (loaded.data === undefined || loaded.problem !== undefined)
    return <Panel title={`Cost by ${axis.unit}`} loaded={loaded} />;
  return (
    <Chart
      title={`Cost by ${axis.unit} and model`}
      axisName={axis.unit}
      labels={axis.labels}
      series={costSeries(loaded.data.groups, axis)}
      isStacked
      unit={MONEY}
      marks={marks}
      onSelect={onSelect}
    />
  );
}

/** One series for each of the costliest models, and one for all others: together they are the whole cost. */
export function costSeries(groups: readonly UsageGroup[], { labels, labelOf }: Axis): readonly ChartSeries[] {
  const byModel = new Map<string, number>();
  for (const { model = "", costUsd } of groups) byModel.set(model, (byModel.get(model) ?? 0) + costUsd);
  const ranked = [...byModel]
    .sort(([a, left], [b, right]) => right - left || (a < b ? -1 : 1))
    .map(([model]) => model);
  const top = ranked.slice(0, MOST_MODELS);
  const costs = new Map<string, Map<string, number>>();
  for (const { day = "", model = "", costUsd } of groups) {
    const name = top.includes(model) ? model : OTHERS;
    const ofName = costs.get(name) ?? new Map<string, number>();
    const label = labelOf(day);
    costs.set(name, ofName.set(label, (ofName.get(label) ?? 0) + costUsd));
  }
  const seriesOf = (name: string, tone: Tone): ChartSeries => ({
    name,
    kind: "bar",
    tone,
    values: labels.map((label) => costs.get(name)?.get(label) ?? 0),
  });
  return [
    ...top.map((name, index) => seriesOf(name, index as Tone)),
    ...(ranked.length > top.length ? [seriesOf(OTHERS, "others")] : []),
  ];
}

export function ExecutionsChart({
  groups,
  axis,
}: {
  readonly groups: readonly UsageGroup[];
  readonly axis: Axis;
}) {
  const onSelect = useSelection(axis);
  const byLabel = Map.groupBy(groups, ({ day = "" }) => axis.labelOf(day));
  const values = (read: (group: UsageGroup) => number) =>
    axis.labels.map((label) => (byLabel.get(label) ?? []).reduce((sum, group) => sum + read(group), 0));
  return (
    <Chart
      title={`Executions by ${axis.unit}`}
      axisName={axis.unit}
      labels={axis.labels}
      series={[
        { name: "failed", kind: "bar", tone: "bad", values: values(({ failures }) => failures) },
        {
          name: "did not fail",
          kind: "bar",
          tone: "good",
          values: values(({ executions, failures }) => executions - failures),
        },
      ]}
      isStacked
      unit={COUNT}
      onSelect={onSelect}
    />
  );
}

export function DurationsChart({
  groups,
  days,
  loaded,
}: {
  readonly groups: readonly UsageGroup[];
  readonly days: readonly string[];
  readonly loaded: Loaded<ReportJson>;
}) {
  const { state, show } = usePage();
  const onSelect = useSelection(axisOf([]));
  const byDay = new Map(groups.map((group) => [group.day, group]));
  const values = (field: "p50DurationMs" | "p95DurationMs") =>
    days.map((day) => byDay.get(day)?.[field] ?? null);
  const isPartial = groups.some(
    ({ durationSample, executions, withoutDuration }) => durationSample < executions - withoutDuration,
  );
  return (
    <div>
      {loaded.problem !== undefined && <Panel title="Durations of all executions" loaded={loaded} />}
      <Chart
        title="Duration by day"
        labels={days}
        series={[
          { name: "p95", kind: "line", tone: 1, isDashed: true, values: values("p95DurationMs") },
          { name: "p50", kind: "line", tone: "accent", values: values("p50DurationMs") },
        ]}
        unit={DURATION}
        onSelect={onSelect}
        footer={
          (isPartial || state.exact) && (
            <>
              <span class="faint">
                {state.exact ? "Over all executions. " : "Over the latest 10,000 executions. "}
              </span>
              <TextButton onClick={() => show({ ...state, exact: !state.exact })}>
                {state.exact ? "Only the latest 10,000" : "All executions"}
              </TextButton>
            </>
          )
        }
      />
    </div>
  );
}

/** The month so far, next to the previous one, and where it will probably end. */
export function MonthChart() {
  const { state, version, nowMs } = usePage();
  const today = dayIn(state.timeZone, nowMs);
  const month = `${today.slice(0, 7)}-01`;
  const before = `${dayAfter(month, -1).slice(0, 7)}-01`;
  const next = `${dayAfter(month, 31).slice(0, 7)}-01`;
  const time = [
    ["since", before],
    ["until", dayAfter(today, 1)],
    ["by", "day"],
    ["forecast", "1"],
  ] as const;
  const loaded = useAnswer<ReportJson>(apiPath("api/report", time, nameParameters(state)), version);
  if (loaded.data?.forecast === undefined || loaded.problem !== undefined) {
    return <Panel title="Month so far" loaded={loaded} />;
  }
  const { groups, forecast } = loaded.data;
  const costs = new Map(groups.map(({ day, costUsd }) => [day, costUsd]));
  const days = eachDay(month, next);
  const soFar = cumulated(days, costs, today);
  const earlier = cumulated(eachDay(before, month), costs, month);
  const place = days.indexOf(today);
  const spent = soFar[place] ?? 0;
  /** A line from today's sum to the one at the month's end; on the last day, to what today will come to. */
  const towards = (end: number | null) => {
    const left = days.length - 1 - place;
    return days.map((_, index) => {
      if (end === null || index < place) return null;
      return left === 0 ? end : spent + ((end - spent) * (index - place)) / left;
    });
  };
  const { expectedUsd, lowUsd, highUsd, basis } = forecast;
  const range =
    expectedUsd === null
      ? []
      : ([
          ["highest likely", highUsd],
          ["lowest likely", lowUsd],
        ] as const);
  const series: readonly ChartSeries[] = [
    { name: "this month", kind: "line", tone: "accent", values: soFar },
    {
      name: "month before",
      kind: "line",
      tone: "muted",
      values: days.map((_, index) => earlier[index] ?? null),
    },
    ...(expectedUsd === null
      ? []
      : [
          {
            name: "expected",
            kind: "line" as const,
            tone: "accent" as const,
            isDashed: true,
            values: towards(expectedUsd),
          },
        ]),
    ...range.map(([name, end]) => ({
      name,
      kind: "line" as const,
      tone: "others" as const,
      isBound: true,
      values: towards(end),
    })),
  ];
  return (
    <Chart
      title="Month so far"
      labels={days}
      series={series}
      unit={MONEY}
      {...(expectedUsd !== null && { band: ["highest likely", "lowest likely"] as const })}
      footer={
        expectedUsd === null || lowUsd === null || highUsd === null ? (
          <span class="faint">{basis}</span>
        ) : (
          <>
            Expected at its end <b class="number">{money(expectedUsd)}</b>
            <span class="faint number">
              , likely {money(lowUsd)} to {money(highUsd)}
            </span>{" "}
            <details class="basis">
              <summary>How</summary>
              {basis}
            </details>
          </>
        )
      }
    />
  );
}

/** Running totals from the first day on; nothing after the last. */
function cumulated(
  days: readonly string[],
  costs: ReadonlyMap<string | undefined, number>,
  last: string,
): readonly (number | null)[] {
  let sum = 0;
  return days.map((day) => {
    sum += costs.get(day) ?? 0;
    return day <= last ? sum : null;
  });
}
