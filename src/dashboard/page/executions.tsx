import { useEffect, useRef, useState } from "preact/hooks";
import type { PrintedExecution } from "../../report/execution-record";
import type { ReportJson } from "../../report/format/json";
import { formatCount } from "../../report/format/values";
import { COLUMNS, DEFAULT_COLUMNS } from "./columns";
import { usePage } from "./context";
import { useAnswer } from "./data";
import { Nothing } from "./nothing";
import { Command, Panel, TableScroll, TextButton } from "./parts";
import {
  apiPath,
  commandLine,
  daysOf,
  nameParameters,
  type Parameters,
  SORTS,
  timeParameters,
} from "./state";

const PAGE_ROWS = 50;

/** A page of executions, as the API sends it. */
interface ExecutionsPage {
  readonly executions: readonly PrintedExecution[];
  /** Where the next page begins; `null` on the last one. */
  readonly next: string | null;
}

/** The executions themselves, page by page. */
export function Executions() {
  const { state, show, version, nowMs } = usePage();
  const days = daysOf(state, nowMs);
  const asked: Parameters = [
    ...timeParameters(days),
    ...nameParameters(state),
    ...(state.sort === "newest" ? [] : ([["sort", state.sort]] as const)),
  ];
  // Where the previous pages began, so that going back shows them as they were.
  const [places, setPlaces] = useState<readonly string[]>([]);
  const question = JSON.stringify(asked);
  const lastQuestion = useRef(question);
  const current = lastQuestion.current === question ? places : [];
  useEffect(() => {
    lastQuestion.current = question;
    setPlaces([]);
  }, [question]);
  const after = current.at(-1);
  const shown: Parameters = [
    ...asked,
    ["limit", `${PAGE_ROWS}`],
    ...(after === undefined ? [] : ([["after", after]] as const)),
  ];
  // A later page stays as it is: new executions come before it.
  const loaded = useAnswer<ExecutionsPage>(
    apiPath("api/executions", shown),
    after === undefined ? version : "",
  );
  const counted = useAnswer<ReportJson>(
    apiPath("api/report", timeParameters(days), nameParameters(state), [["by", "conclusion"]]),
    version,
  );
  const rows = loaded.data?.executions ?? [];
  if (
    loaded.data !== undefined &&
    !loaded.isLoading &&
    rows.length === 0 &&
    after === undefined &&
    counted.data !== undefined
  ) {
    return <Nothing loaded={counted} />;
  }
  const next = loaded.isLoading ? null : (loaded.data?.next ?? null);
  const columns = COLUMNS.filter(({ key }) => (state.columns ?? DEFAULT_COLUMNS).includes(key));
  const pager = (
    <nav class="pager" aria-label="Pages">
      <button type="button" disabled={current.length === 0} onClick={() => setPlaces([])}>
        First
      </button>
      <button type="button" disabled={current.length === 0} onClick={() => setPlaces(current.slice(0, -1))}>
        Previous
      </button>
      <span class="faint number">page {formatCount(current.length + 1)}</span>
      <button
        type="button"
        disabled={next === null}
        onClick={() => next !== null && setPlaces([...current, next])}
      >
        Next
      </button>
    </nav>
  );
  const count = counted.data?.totals.executions;
  return (
    <Panel
      title={count === undefined ? "Executions" : `Executions, ${formatCount(count)}`}
      loaded={loaded}
      className="executions"
      aside={
        <div class="tools">
          <label>
            <span class="faint">Order</span>{" "}
            <select
              value={state.sort}
              onChange={(event) => {
                const sort = SORTS.find((one) => one === event.currentTarget.value);
                if (sort !== undefined) show({ ...state, sort });
              }}
            >
              <option value="newest">newest first</option>
              <option value="cost">costliest first</option>
              <option value="duration">longest first</option>
              <option value="tokens">most tokens first</option>
            </select>
          </label>
          <ColumnChoice />
          <a href={apiPath("api/executions", shown, [["format", "csv"]])} download="executions.csv">
            CSV
          </a>
          <a href={apiPath("api/executions", shown, [["format", "jsonl"]])} download="executions.jsonl">
            JSON
          </a>
        </div>
      }
    >
      <TableScroll label="Executions">
        <table class="rows">
          <thead>
            <tr>
              {columns.map(({ key, header, isNumber }) => (
                <th key={key} scope="col" class={isNumber === true ? "number" : ""}>
                  {header}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((execution) => (
              <tr key={execution.id} data-id={execution.executionId}>
                {columns.map(({ key, isNumber, text, className }, index) => {
                  const classes =
                    `${isNumber === true ? "number" : ""} ${className?.(execution) ?? ""}`.trim();
                  const content = text(execution, state.timeZone);
                  return index === 0 ? (
                    <th key={key} scope="row">
                      <TextButton
                        title="open this execution"
                        onClick={() => show({ ...state, open: `${execution.executionId}` })}
                      >
                        {content}
                      </TextButton>
                    </th>
                  ) : (
                    <td key={key} class={classes} title={content}>
                      {content}
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </TableScroll>
      {pager}
      <Command
        text={commandLine("executions", counted.data?.ledger ?? "", asked, [["limit", `${PAGE_ROWS}`]])}
      />
    </Panel>
  );
}

function ColumnChoice() {
  const { state, show } = usePage();
  const chosen = state.columns ?? DEFAULT_COLUMNS;
  const toggle = (key: string) => {
    const next = COLUMNS.map((column) => column.key).filter((other) =>
      other === key ? !chosen.includes(other) : chosen.includes(other),
    );
    if (next.length > 0)
      show({ ...state, columns: next.join() === DEFAULT_COLUMNS.join() ? undefined : next });
  };
  return (
    <details class="choice">
      <summary>Columns</summary>
      <fieldset>
        <legend class="hidden-text">Columns</legend>
        {COLUMNS.map(({ key, header }) => (
          <label key={key}>
            <input type="checkbox" checked={chosen.includes(key)} onChange={() => toggle(key)} /> {header}
          </label>
        ))}
      </fieldset>
    </details>
  );
}
