import { usePage } from "./context";
import { NAME_FILTERS } from "./name-filters";
import { headingOf } from "./names";
import { Search } from "./search";
import { dayAfter, daysOf, hasFilters, PERIODS, type Period, withName, withoutFilters } from "./state";

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

/** The controls that choose which executions the page is about. */
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

/** The names in the filter, each with a button that removes it. */
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
