import { useId, useRef, useState } from "preact/hooks";
import type { ReportJson } from "../../report/format/json";
import { usePage } from "./context";
import { useAnswer } from "./data";
import { headingOf } from "./names";
import {
  apiPath,
  dayAfter,
  daysOf,
  hasFilters,
  NAME_FILTERS,
  type NameFilterKey,
  PERIODS,
  type Period,
  withName,
  withoutFilters,
} from "./state";

const PERIOD_NAMES: Readonly<Record<Period, string>> = {
  today: "Today",
  "7d": "7 days",
  "30d": "30 days",
  "90d": "90 days",
  "this-month": "This month",
  "last-month": "Last month",
  all: "All",
};

const ZONES = [...new Set(["UTC", Intl.DateTimeFormat().resolvedOptions().timeZone])];

/** Which executions the page is about. */
export function Filters() {
  const { state, show, nowMs } = usePage();
  const { since, until } = daysOf(state, nowMs);
  const [from, to] = [since ?? "", dayAfter(until, -1)];
  const setDays = (first: string, last: string) => {
    if (first !== "" && last !== "" && first <= last) show({ ...state, period: { from: first, to: last } });
  };
  const zones = ZONES.includes(state.timeZone) ? ZONES : [...ZONES, state.timeZone];
  return (
    <search class="filters">
      <div class="periods" role="group" aria-label="Period">
        {PERIODS.map((period) => (
          <button
            type="button"
            key={period}
            aria-pressed={state.period === period}
            onClick={() => show({ ...state, period })}
          >
            {PERIOD_NAMES[period]}
          </button>
        ))}
      </div>
      <div class="dates">
        <input
          type="date"
          aria-label="First day"
          value={from}
          onChange={(event) => setDays(event.currentTarget.value, to)}
        />
        <span aria-hidden="true">–</span>
        <input
          type="date"
          aria-label="Last day"
          value={to}
          onChange={(event) => setDays(from || event.currentTarget.value, event.currentTarget.value)}
        />
      </div>
      <select
        aria-label="Time zone"
        value={state.timeZone}
        onChange={(event) => show({ ...state, timeZone: event.currentTarget.value })}
      >
        {zones.map((zone) => (
          <option key={zone}>{zone}</option>
        ))}
      </select>
      <button
        type="button"
        aria-pressed={state.failed}
        onClick={() => show({ ...state, failed: !state.failed })}
      >
        Failed only
      </button>
      <Search />
      <Chips />
    </search>
  );
}

/** The names that are filtered by, each with a button that takes it away. */
function Chips() {
  const { state, show } = usePage();
  if (!hasFilters(state)) return null;
  return (
    <ul class="chips" aria-label="Filters">
      {NAME_FILTERS.flatMap((key) =>
        state.names[key].map((name) => (
          <li key={`${key} ${name}`}>
            <button type="button" onClick={() => show(withName(state, key, name))} title="remove this filter">
              <span class="faint">{headingOf(key)}</span> {name} <span aria-hidden="true">×</span>
            </button>
          </li>
        )),
      )}
      <li>
        <button type="button" class="quiet" onClick={() => show(withoutFilters(state))}>
          Remove all
        </button>
      </li>
    </ul>
  );
}

interface Suggestion {
  readonly key: NameFilterKey | "execution";
  readonly name: string;
}

const MOST_SUGGESTIONS = 12;

/** Finds names to filter by, and executions by their ids. */
function Search() {
  const { state, show, nowMs } = usePage();
  const [text, setText] = useState("");
  const [active, setActive] = useState(0);
  const [isOpen, setIsOpen] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const listId = useId();
  const suggestions = useSuggestions(isOpen, text, nowMs);
  const choose = ({ key, name }: Suggestion) => {
    setText("");
    setIsOpen(false);
    show(key === "execution" ? { ...state, open: name } : withName(state, key, name));
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const chosen = suggestions[active];
    if (event.key === "ArrowDown") setActive(Math.min(suggestions.length - 1, active + 1));
    else if (event.key === "ArrowUp") setActive(Math.max(0, active - 1));
    else if (event.key === "Enter" && chosen !== undefined) choose(chosen);
    else if (event.key === "Escape") {
      setText("");
      setIsOpen(false);
      input.current?.blur();
    } else return;
    event.preventDefault();
  };
  const hasList = isOpen && suggestions.length > 0;
  return (
    <div class="search">
      <input
        ref={input}
        id="search"
        type="text"
        role="combobox"
        aria-label="Filter by a name, or find an execution"
        aria-expanded={hasList}
        aria-controls={listId}
        aria-autocomplete="list"
        aria-activedescendant={hasList ? `${listId}-${active}` : undefined}
        placeholder="Filter or find  ( / )"
        autocomplete="off"
        spellcheck={false}
        value={text}
        onInput={(event) => {
          setText(event.currentTarget.value);
          setActive(0);
          setIsOpen(true);
        }}
        onFocus={() => setIsOpen(true)}
        onBlur={() => setIsOpen(false)}
        onKeyDown={onKeyDown}
      />
      <div role="listbox" id={listId} aria-label="Suggestions" hidden={!hasList}>
        {hasList &&
          suggestions.map((suggestion, index) => (
            // biome-ignore lint/a11y/useFocusableInteractive: the input keeps the focus.
            <div
              key={`${suggestion.key} ${suggestion.name}`}
              id={`${listId}-${index}`}
              role="option"
              aria-selected={index === active}
              onMouseDown={(event) => {
                event.preventDefault();
                choose(suggestion);
              }}
            >
              <span class="faint">{headingOf(suggestion.key)}</span> {suggestion.name}
            </div>
          ))}
      </div>
    </div>
  );
}

const GROUPED = [
  ["repo", "repo"],
  ["model", "model"],
  ["event-type", "eventType"],
  ["conclusion", "conclusion"],
  ["provider", "provider"],
] as const;

/** Names of this period that have the text in them; the text itself as a glob, and as the beginning of an id. */
function useSuggestions(isOpen: boolean, text: string, nowMs: number): readonly Suggestion[] {
  const { state } = usePage();
  const { since, until } = daysOf(state, nowMs);
  const time = [...(since === undefined ? [] : [["since", since] as const]), ["until", until] as const];
  const path = (by: string) =>
    isOpen ? apiPath("api/report", time, [["by", by]], [["limit", "500"]]) : undefined;
  const summary = useAnswer<ReportJson>(isOpen ? apiPath("api/report", time) : undefined, "").data;
  const further = [
    useAnswer<ReportJson>(path("conclusion"), "").data?.groups,
    useAnswer<ReportJson>(path("provider"), "").data?.groups,
  ];
  const groups = [
    summary?.furtherGroups?.repo,
    summary?.furtherGroups?.model,
    summary?.furtherGroups?.eventType,
    ...further,
  ];
  const wanted = text.trim().toLowerCase();
  const names = GROUPED.flatMap(([key, field], index) =>
    (groups[index] ?? []).flatMap((group): Suggestion[] => {
      const name = group[field] ?? "";
      return name.toLowerCase().includes(wanted) && !state.names[key].includes(name) ? [{ key, name }] : [];
    }),
  );
  if (wanted === "") return names.slice(0, MOST_SUGGESTIONS);
  const label: readonly Suggestion[] = /^[a-z][a-z0-9_]*=./.test(text.trim())
    ? [{ key: "label", name: text.trim() }]
    : [];
  const glob: readonly Suggestion[] = /[*?]/.test(wanted) ? [{ key: "repo", name: text.trim() }] : [];
  return [...label, ...glob, ...names.slice(0, MOST_SUGGESTIONS), { key: "execution", name: text.trim() }];
}
