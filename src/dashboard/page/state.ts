import { shellWord } from "../../shell-words";
import { NAME_FILTERS } from "./name-filters";

// The page shows exactly what its URL says, so it can be copied, reloaded, and gone back to.

export const VIEWS = ["overview", "executions", "health"] as const;
export type View = (typeof VIEWS)[number];

export const PERIODS = ["today", "7d", "30d", "90d", "this-month", "last-month", "all"] as const;
export type Period = (typeof PERIODS)[number];

export type NameFilterKey = (typeof NAME_FILTERS)[number];

export const SORTS = ["newest", "cost", "duration", "tokens"] as const;
export type Sort = (typeof SORTS)[number];

/** What the page shows. */
export interface PageState {
  readonly view: View;
  /** One of the presets, or days, both of which are included. */
  readonly period: Period | { readonly from: string; readonly to: string };
  readonly names: Readonly<Record<NameFilterKey, readonly string[]>>;
  readonly failed: boolean;
  /** Percentiles over all executions. */
  readonly exact: boolean;
  readonly timeZone: string;
  /** What changes are broken down by. */
  readonly changesBy: string;
  readonly sort: Sort;
  /** Table columns that are shown in addition to the defaults, or hidden. */
  readonly columns: readonly string[] | undefined;
  /** The open execution. */
  readonly open: string | undefined;
}

const DAY = /^\d{4}-\d{2}-\d{2}$/;
const DEFAULT_PERIOD = "30d";
const UTC = "UTC";

export function parseState(search: string): PageState {
  const parameters = new URLSearchParams(search);
  const [from, to] = [parameters.get("from") ?? "", parameters.get("to") ?? ""];
  const oneOf = <Value extends string>(name: string, values: readonly Value[], otherwise: Value): Value =>
    values.find((value) => value === parameters.get(name)) ?? otherwise;
  const names = Object.fromEntries(
    NAME_FILTERS.map((key) => [key, parameters.getAll(key).filter((name) => name !== "")]),
  ) as Record<NameFilterKey, string[]>;
  return {
    view: oneOf("view", VIEWS, "overview"),
    period:
      DAY.test(from) && DAY.test(to) && from <= to ? { from, to } : oneOf("period", PERIODS, DEFAULT_PERIOD),
    names,
    failed: parameters.get("failed") === "1",
    exact: parameters.get("exact") === "1",
    timeZone: validZone(parameters.get("tz") ?? UTC),
    changesBy: parameters.get("changes") ?? "repo",
    sort: oneOf("sort", SORTS, "newest"),
    columns: parameters.get("columns")?.split(","),
    open: parameters.get("open") ?? undefined,
  };
}

/** The URL's query for a state; defaults are left out. */
export function toSearch(state: PageState): string {
  const { view, period, names, failed, exact, timeZone, changesBy, sort, columns, open } = state;
  const parameters = new URLSearchParams();
  if (view !== "overview") parameters.set("view", view);
  if (typeof period === "string") {
    if (period !== DEFAULT_PERIOD) parameters.set("period", period);
  } else {
    parameters.set("from", period.from);
    parameters.set("to", period.to);
  }
  for (const key of NAME_FILTERS) for (const name of names[key]) parameters.append(key, name);
  if (failed) parameters.set("failed", "1");
  if (exact) parameters.set("exact", "1");
  if (timeZone !== UTC) parameters.set("tz", timeZone);
  if (changesBy !== "repo") parameters.set("changes", changesBy);
  if (sort !== "newest") parameters.set("sort", sort);
  if (columns !== undefined) parameters.set("columns", columns.join(","));
  if (open !== undefined) parameters.set("open", open);
  const search = `${parameters}`;
  return search === "" ? "" : `?${search}`;
}

/** Adds a name to a filter, or removes it if it is there. */
export function withName(state: PageState, key: NameFilterKey, name: string): PageState {
  const before = state.names[key];
  const after = before.includes(name) ? before.filter((other) => other !== name) : [...before, name];
  return { ...state, names: { ...state.names, [key]: after } };
}

/** Sets a filter to a single name. */
export function withOnly(state: PageState, key: NameFilterKey, name: string): PageState {
  return { ...state, names: { ...state.names, [key]: [name] } };
}

export function withoutFilters(state: PageState): PageState {
  const names = Object.fromEntries(NAME_FILTERS.map((key) => [key, []])) as unknown as PageState["names"];
  return { ...state, names, failed: false };
}

export function hasFilters({ names, failed }: PageState): boolean {
  return failed || NAME_FILTERS.some((key) => names[key].length > 0);
}

/** A period of whole days: `since` is the first of them, `until` the first that no longer counts. */
export interface Days {
  readonly since?: string | undefined;
  readonly until: string;
}

/** The days of a period, in its time zone. */
export function daysOf({ period, timeZone }: PageState, nowMs: number): Days {
  if (typeof period !== "string") return { since: period.from, until: dayAfter(period.to, 1) };
  const today = dayIn(timeZone, nowMs);
  const until = dayAfter(today, 1);
  const month = `${today.slice(0, 7)}-01`;
  switch (period) {
    case "today":
      return { since: today, until };
    case "this-month":
      return { since: month, until };
    case "last-month":
      return { since: `${dayAfter(month, -1).slice(0, 7)}-01`, until: month };
    case "all":
      return { until };
    default:
      // This many whole days, and today, like the command line's report.
      return { since: dayAfter(today, -Number.parseInt(period, 10)), until };
  }
}

/** Parameters of the API, or options of the command line. */
export type Parameters = readonly (readonly [name: string, value: string])[];

/** Which executions a state is about, without the time. */
export function nameParameters({ names, failed, timeZone }: PageState): Parameters {
  return [
    ...NAME_FILTERS.flatMap((key) => names[key].map((name) => [key, name] as const)),
    ...(failed ? ([["failed", "1"]] as const) : []),
    ...(timeZone === UTC ? [] : ([["tz", timeZone]] as const)),
  ];
}

export function timeParameters({ since, until }: Days): Parameters {
  return [...(since === undefined ? [] : ([["since", since]] as const)), ["until", until]];
}

/** A path of the API with its parameters. */
export function apiPath(path: string, ...parameters: readonly Parameters[]): string {
  const search = new URLSearchParams(
    parameters.flat().map(([name, value]): [string, string] => [name, value]),
  ).toString();
  return search === "" ? `./${path}` : `./${path}?${search}`;
}

/** The command that prints the same. */
export function commandLine(command: string, ledger: string, ...parameters: readonly Parameters[]): string {
  const flags = new Set(["failed", "exact", "forecast"]);
  const options = parameters
    .flat()
    .map(([name, value]) => (flags.has(name) ? `--${name}` : `--${name} ${shellWord(value)}`));
  return ["runledger", command, "--db", shellWord(ledger), ...options].join(" ");
}

/** The day a number of days after another. */
export function dayAfter(day: string, days: number): string {
  return new Date(Date.parse(`${day}T00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);
}

/** All days from one up to, but not including, another. */
export function eachDay(since: string, until: string): readonly string[] {
  const days: string[] = [];
  for (let day = since; day < until && days.length < 4_000; day = dayAfter(day, 1)) days.push(day);
  return days;
}

/** The labels of a chart's axis: days, or weeks or months if there would be too many days. */
export interface Axis {
  readonly unit: "day" | "week" | "month";
  /** The first day of each label. */
  readonly labels: readonly string[];
  /** The label of a day. */
  readonly labelOf: (day: string) => string;
  /** The last day of a label. */
  readonly lastDayOf: (label: string) => string;
}

const MOST_DAYS = 120;
const MOST_WEEKS = 120;

export function axisOf(days: readonly string[]): Axis {
  const last = days.at(-1) ?? "";
  const within = (day: string) => (day < last ? day : last);
  const unit = days.length <= MOST_DAYS ? "day" : days.length <= 7 * MOST_WEEKS ? "week" : "month";
  const { begin, next } = UNITS[unit];
  return {
    unit,
    labels: [...new Set(days.map(begin))],
    labelOf: begin,
    lastDayOf: (label) => within(dayAfter(next(label), -1)),
  };
}

/** When the unit that contains a day begins, and when the next one does. */
const UNITS: Readonly<
  Record<Axis["unit"], { readonly begin: (day: string) => string; readonly next: (label: string) => string }>
> = {
  day: { begin: (day) => day, next: (day) => dayAfter(day, 1) },
  week: { begin: mondayOf, next: (monday) => dayAfter(monday, 7) },
  month: { begin: firstOfMonth, next: (first) => firstOfMonth(dayAfter(first, 31)) },
};

function mondayOf(day: string): string {
  return dayAfter(day, -((new Date(`${day}T00:00Z`).getUTCDay() + 6) % 7));
}

function firstOfMonth(day: string): string {
  return `${day.slice(0, 7)}-01`;
}

/** The day of an instant in a time zone. */
export function dayIn(timeZone: string, epochMs: number): string {
  // This locale writes days as in ISO 8601.
  return new Intl.DateTimeFormat("sv", { timeZone, dateStyle: "short" }).format(epochMs);
}

/** The local time of an instant in a time zone, to the second. */
export function timeIn(timeZone: string, iso: string): string {
  const format = { timeZone, dateStyle: "short", timeStyle: "medium" } as const;
  const epochMs = Date.parse(iso);
  return Number.isNaN(epochMs) ? iso : new Intl.DateTimeFormat("sv", format).format(epochMs);
}

function validZone(name: string): string {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone === UTC ? UTC : name;
  } catch {
    return UTC;
  }
}
