import { useState } from "preact/hooks";
import { formatCount } from "../../report/format/values";
import type { PrintedIncident } from "../../report/incidents";
import { Application, type Health as State } from "./application";
import { usePage } from "./context";
import { useAnswer, useSlowly, useTicks } from "./data";
import { Command, Panel, TableScroll } from "./parts";
import { apiPath, timeIn } from "./state";

const PAGE_ROWS = 50;
const KINDS = ["rejected", "dropped", "spilled", "degraded"] as const;
const CHECK_MS = 10_000;
/** How often the application's state is refreshed: it changes without the ledger. */
const LOOK_MS = 5_000;

const LEVELS = { ok: "✓", note: "•", problem: "✕" } as const;

interface IncidentsPage {
  readonly incidents: readonly PrintedIncident[];
  readonly next: string | null;
}

/** Whether the ledger is in order, and what could not be stored as it came. */
export function Health() {
  const { version } = usePage();
  const slowVersion = useSlowly(version, CHECK_MS);
  const tick = useTicks(LOOK_MS);
  const health = useAnswer<State>("./api/health", `${slowVersion} ${tick}`);
  const { data } = health;
  return (
    <>
      <Panel
        title={
          data === undefined || data.ok ? "State of the ledger" : "State of the ledger: something is wrong"
        }
        loaded={health}
      >
        <ul class="findings">
          {data?.findings.map(({ check, level, message, remedy }) => (
            <li key={check} class={level}>
              <span class="level" aria-hidden="true">
                {LEVELS[level]}
              </span>
              <span>
                <span class="hidden-text">{level}: </span>
                <b>{check}</b> {message}
                {remedy !== undefined && <span class="remedy">{remedy}</span>}
              </span>
            </li>
          ))}
        </ul>
        {data !== undefined && <Command text={`runledger doctor --quick --db ${data.ledger}`} />}
      </Panel>
      {data?.application !== undefined && <Application state={data.application} />}
      <Incidents ledger={data?.ledger ?? ""} />
    </>
  );
}

function Incidents({ ledger }: { readonly ledger: string }) {
  const { state, version } = usePage();
  const [kind, setKind] = useState("");
  const [places, setPlaces] = useState<readonly string[]>([]);
  const after = places.at(-1);
  const path = apiPath(
    "api/incidents",
    [["limit", `${PAGE_ROWS}`]],
    kind === "" ? [] : [["kind", kind]],
    after === undefined ? [] : [["after", after]],
  );
  const loaded = useAnswer<IncidentsPage>(path, after === undefined ? version : "");
  const { incidents = [], next = null } = loaded.data ?? {};
  const choice = (
    <label>
      <span class="faint">Kind</span>{" "}
      <select
        value={kind}
        onChange={(event) => {
          setKind(event.currentTarget.value);
          setPlaces([]);
        }}
      >
        <option value="">all</option>
        {KINDS.map((one) => (
          <option key={one} value={one}>
            {one}
          </option>
        ))}
      </select>
    </label>
  );
  return (
    <Panel title="Incidents" loaded={loaded} aside={choice}>
      {incidents.length === 0 ? (
        <p class="faint">None: everything was stored as it came.</p>
      ) : (
        <TableScroll label="Incidents">
          <table class="rows">
            <thead>
              <tr>
                <th scope="col">at</th>
                <th scope="col">kind</th>
                <th scope="col" class="number">
                  count
                </th>
                <th scope="col">reason</th>
                <th scope="col">payload</th>
              </tr>
            </thead>
            <tbody>
              {incidents.map(({ id, at, kind, count, reason, payload }) => (
                <tr key={id}>
                  <th scope="row">{timeIn(state.timeZone, at)}</th>
                  <td class={kind === "rejected" || kind === "dropped" ? "bad" : ""}>{kind}</td>
                  <td class="number">{formatCount(count)}</td>
                  <td class="wrap">{reason}</td>
                  <td class="payload wrap">{payload ?? "–"}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </TableScroll>
      )}
      {(next !== null || places.length > 0) && (
        <nav class="pager" aria-label="Pages">
          <button type="button" disabled={places.length === 0} onClick={() => setPlaces(places.slice(0, -1))}>
            Previous
          </button>
          <button
            type="button"
            disabled={next === null}
            onClick={() => next !== null && setPlaces([...places, next])}
          >
            Next
          </button>
        </nav>
      )}
      <Command text={`runledger incidents --db ${ledger}`} />
    </Panel>
  );
}
