import type { Change, ChangeKey, ChangesReport } from "../../report/changes-report";
import { formatCount } from "../../report/format/values";
import { sumOfChanges } from "../../report/sum-of-changes";
import { usePage } from "./context";
import type { Loaded } from "./data";
import { difference, minuteOf, money } from "./figures";
import { FilterButton, filterKeyOf, headingOf } from "./names";
import { Command, Panel, TableScroll } from "./parts";
import { commandLine, type Parameters } from "./state";

const MOST_ROWS = 8;

/** Which names made up the difference from the previous period, the largest first; together they are all of it. */
export function Changes({
  loaded,
  ledger,
  parameters,
}: {
  readonly loaded: Loaded<ChangesReport>;
  readonly ledger: string;
  readonly parameters: Parameters;
}) {
  const { state, show } = usePage();
  const { data } = loaded;
  if (data === undefined) return <Panel title="What changed" loaded={loaded} />;
  const keys = Object.keys(data.changes) as ChangeKey[];
  const by = keys.find((key) => key === state.changesBy) ?? "repo";
  const all = data.changes[by as "repo"];
  const [rows, rest] = [all.slice(0, MOST_ROWS), all.slice(MOST_ROWS)];
  const largest = Math.max(...rows.map(({ differenceUsd }) => Math.abs(differenceUsd)), 0);
  const { comparedWith, differenceUsd, before, now } = data;
  const withoutCost = now.withoutCost + before.withoutCost;
  const tabs = (
    <div class="tabs" role="group" aria-label="By">
      {keys.map((key) => (
        <button
          type="button"
          key={key}
          aria-pressed={key === by}
          onClick={() => show({ ...state, changesBy: key })}
        >
          {headingOf(key)}
        </button>
      ))}
    </div>
  );
  return (
    <Panel title="What changed" loaded={loaded} aside={tabs}>
      <p class="lead">
        <b class="number" data-figure="differenceUsd" data-value={differenceUsd}>
          {difference(differenceUsd)}
        </b>{" "}
        against {minuteOf(comparedWith.since)} to {minuteOf(comparedWith.until)}:{" "}
        <span class="number">{money(before.costUsd)}</span> then,{" "}
        <span class="number">{money(now.costUsd)}</span> now
        {withoutCost > 0 && <span class="faint"> · {formatCount(withoutCost)} without a cost</span>}
      </p>
      <TableScroll label="What changed: table">
        <table class="changes">
          <thead>
            <tr>
              <th scope="col">{headingOf(by)}</th>
              <th scope="col" class="number">
                before
              </th>
              <th scope="col" class="number">
                now
              </th>
              <th scope="col" class="number">
                difference
              </th>
              <th scope="col" class="bar-column">
                <span class="hidden-text">as a bar</span>
              </th>
              <th scope="col" class="number optional">
                executions
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.map((change) => (
              <ChangeRow key={change[by]} change={change} by={by} largest={largest} />
            ))}
            {rest.length > 0 && (
              <ChangeRow
                change={sumOfChanges(rest)}
                by={by}
                largest={largest}
                name={rest.length === 1 ? "1 other" : `${formatCount(rest.length)} others`}
              />
            )}
          </tbody>
        </table>
      </TableScroll>
      {notesOfPurged(data).map((note) => (
        <p class="faint" key={note}>
          {note}
        </p>
      ))}
      <Command text={commandLine("changes", ledger, parameters)} />
    </Panel>
  );
}

/** Explains why the rows may not add up to the difference. */
function notesOfPurged({ notes }: ChangesReport): readonly string[] {
  return notes.filter((note) => note.includes("were purged"));
}

function ChangeRow({
  change,
  by,
  largest,
  name,
}: {
  readonly change: Change;
  readonly by: ChangeKey;
  readonly largest: number;
  /** A row that sums up several names; it can't be used as a filter. */
  readonly name?: string;
}) {
  const { beforeUsd, nowUsd, differenceUsd, executionsBefore, executionsNow } = change;
  const share = largest === 0 ? 0 : Math.min(1, Math.abs(differenceUsd) / largest);
  return (
    <tr data-difference={differenceUsd}>
      <th scope="row">
        {name === undefined ? (
          <FilterButton filter={filterKeyOf(by)} groupKey={by} name={change[by] ?? ""} />
        ) : (
          <span class="faint">{name}</span>
        )}
      </th>
      <td class="number">{money(beforeUsd)}</td>
      <td class="number">{money(nowUsd)}</td>
      <td class="number">{difference(differenceUsd)}</td>
      <td class="bar-column" aria-hidden="true">
        <span class={differenceUsd < 0 ? "bar down" : "bar up"} style={{ width: `${share * 50}%` }} />
      </td>
      <td class="number optional faint">
        {formatCount(executionsBefore)} → {formatCount(executionsNow)}
      </td>
    </tr>
  );
}
