import type { ChangesReport } from "../../report/changes-report";
import type { CostliestGroup, CostliestReport } from "../../report/costliest";
import type { PrintedExecution } from "../../report/execution-record";
import type { ReportJson } from "../../report/format/json";
import { formatCount, formatShare } from "../../report/format/values";
import type { GroupKey, LabelKey } from "../../report/types";
import { usePage } from "./context";
import { type Loaded, useAnswer } from "./data";
import { money, orUnknown, UNKNOWN } from "./figures";
import { FilterButton, filterKeyOf, headingOf } from "./names";
import { Panel, TextButton } from "./parts";
import { apiPath, type Parameters, timeIn } from "./state";

const MOST_ROWS = 8;
const MOST_LABELS = 3;
/** The group of executions without a pull request, or without a session. */
const NONE = "(none)";

/** What the costs went into, the costliest first; clicking a name filters by it. */
export function Tops({
  report,
  changes,
  slowVersion,
  parameters,
}: {
  readonly report: Loaded<ReportJson>;
  readonly changes: ChangesReport | undefined;
  readonly slowVersion: string;
  readonly parameters: Parameters;
}) {
  const { version } = usePage();
  const labels = (Object.keys(changes?.changes ?? {}) as GroupKey[]).filter((key) =>
    key.startsWith("label:"),
  );
  const isOfMany = report.data?.ledger.startsWith("postgres:") === true;
  const groups = report.data?.furtherGroups;
  return (
    <div class="grid thirds">
      <Top title="Repositories" by="repo" loaded={report} groups={groups?.repo ?? []} />
      <Top title="Models" by="model" loaded={report} groups={groups?.model ?? []} />
      <Top title="Event types" by="eventType" loaded={report} groups={groups?.eventType ?? []} />
      {isOfMany && <AskedTop title="Ledgers" by="ledger" version={version} parameters={parameters} />}
      <AskedTop title="Pull requests" by="pr" version={slowVersion} parameters={parameters} />
      <AskedTop title="Sessions" by="session" version={slowVersion} parameters={parameters} />
      <Costliest version={slowVersion} parameters={parameters} />
      {labels.slice(0, MOST_LABELS).map((key) => (
        <AskedTop
          key={key}
          title={`Label ${key.slice("label:".length)}`}
          by={key}
          version={version}
          parameters={parameters}
        />
      ))}
    </div>
  );
}

/** A list whose groups are loaded with a query of their own. */
function AskedTop({
  title,
  by,
  version,
  parameters,
}: {
  readonly title: string;
  readonly by: GroupKey | LabelKey;
  readonly version: string;
  readonly parameters: Parameters;
}) {
  // One more than is shown: executions without a pull request are a group as well.
  const limit = [["limit", `${MOST_ROWS + 1}`]] as const;
  const loaded = useAnswer<CostliestReport>(
    apiPath("api/costliest", parameters, [["by", by]], limit),
    version,
  );
  const { groups = [], totals } = loaded.data ?? {};
  const named = groups.filter((group) => group[by] !== NONE);
  const rest = totals === undefined ? undefined : totals.costUsd - sumOf(named.slice(0, MOST_ROWS));
  if (loaded.data !== undefined && named.length === 0 && loaded.problem === undefined) return null;
  return (
    <Panel title={title} loaded={loaded} className="top">
      <Rows by={by} groups={named.slice(0, MOST_ROWS)} rest={rest} restName="all others" />
    </Panel>
  );
}

function Top({
  title,
  by,
  groups,
  loaded,
}: {
  readonly loaded: Loaded<ReportJson>;
  readonly title: string;
  readonly by: GroupKey;
  readonly groups: readonly CostliestGroup[];
}) {
  const others = groups.slice(MOST_ROWS);
  return (
    <Panel title={title} loaded={loaded} className="top">
      <Rows
        by={by}
        groups={groups.slice(0, MOST_ROWS)}
        rest={others.length === 0 ? undefined : sumOf(others)}
        restName={others.length === 1 ? "1 other" : `${formatCount(others.length)} others`}
      />
    </Panel>
  );
}

function Rows({
  by,
  groups,
  rest,
  restName,
}: {
  readonly by: GroupKey;
  readonly groups: readonly CostliestGroup[];
  readonly rest: number | undefined;
  readonly restName: string;
}) {
  const highest = Math.max(...groups.map(({ costUsd }) => costUsd), 0);
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">{headingOf(by)}</th>
          <th scope="col" class="number">
            cost
          </th>
          <th scope="col" class="number">
            runs
          </th>
          <th scope="col" class="number">
            failed
          </th>
        </tr>
      </thead>
      <tbody>
        {groups.map((group) => {
          const { executions, usedIn = executions, withoutCost, costUsd, failures } = group;
          const failureRate = executions === 0 ? null : failures / executions;
          const isUnknown = costUsd === 0 && usedIn > 0 && withoutCost >= usedIn;
          return (
            <tr key={group[by]} data-name={group[by]} data-cost={costUsd}>
              <th scope="row">
                <span
                  class="share"
                  style={{ width: `${highest === 0 ? 0 : (costUsd / highest) * 100}%` }}
                  aria-hidden="true"
                />
                <FilterButton filter={filterKeyOf(by)} groupKey={by} name={group[by] ?? ""} />
              </th>
              <td class="number">{isUnknown ? UNKNOWN : money(costUsd)}</td>
              <td class="number">{formatCount(usedIn)}</td>
              <td class={failureRate === 0 ? "number faint" : "number"}>
                {orUnknown(failureRate, formatShare)}
              </td>
            </tr>
          );
        })}
        {rest !== undefined && rest > 1e-9 && (
          <tr class="faint">
            <th scope="row">{restName}</th>
            <td class="number">{money(rest)}</td>
            <td />
            <td />
          </tr>
        )}
      </tbody>
    </table>
  );
}

/** The costliest single executions. */
function Costliest({ version, parameters }: { readonly version: string; readonly parameters: Parameters }) {
  const { state, show } = usePage();
  const path = apiPath("api/executions", parameters, [
    ["sort", "cost"],
    ["limit", `${MOST_ROWS}`],
  ]);
  const loaded = useAnswer<{ executions: readonly PrintedExecution[] }>(path, version);
  return (
    <Panel title="Costliest executions" loaded={loaded} className="top">
      <table>
        <thead>
          <tr>
            <th scope="col">execution</th>
            <th scope="col" class="number">
              cost
            </th>
          </tr>
        </thead>
        <tbody>
          {loaded.data?.executions.map((execution) => (
            <tr key={execution.id}>
              <th scope="row">
                <TextButton onClick={() => show({ ...state, open: `${execution.executionId}` })} title="open">
                  {execution.repo}
                  {execution.prNumber !== null && `#${execution.prNumber}`}
                </TextButton>
                <span class="faint"> {timeIn(state.timeZone, `${execution.completedAt}`).slice(0, 10)}</span>
              </th>
              <td class="number">{orUnknown(execution.costUsd as number | null, money)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Panel>
  );
}

function sumOf(groups: readonly CostliestGroup[]): number {
  return groups.reduce((sum, { costUsd }) => sum + costUsd, 0);
}
