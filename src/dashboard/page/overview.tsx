import type { ChangesReport } from "../../report/changes-report";
import type { ReportJson } from "../../report/format/json";
import { Budgets } from "./budgets";
import { Cards } from "./cards";
import { Changes } from "./changes";
import { CostChart, DurationsChart, ExecutionsChart, MonthChart } from "./charts";
import { usePage } from "./context";
import { useAnswer, useSlowly } from "./data";
import { minuteOf } from "./figures";
import { Nothing } from "./nothing";
import { Command, Panel, ProblemNote } from "./parts";
import {
  apiPath,
  axisOf,
  commandLine,
  daysOf,
  eachDay,
  nameParameters,
  type Parameters,
  timeParameters,
} from "./state";
import { Tops } from "./tops";

/** Queries that read every execution are repeated no more often than this. */
const SLOW_MS = 30_000;
const NO_MARKS: ReadonlyMap<string, string> = new Map();

/** What was spent, on what, what changed, and how the month will end. */
export function Overview() {
  const { state, version, nowMs } = usePage();
  const days = daysOf(state, nowMs);
  const [time, names] = [timeParameters(days), nameParameters(state)];
  const exact: Parameters = state.exact ? [["exact", "1"]] : [];
  const slowVersion = useSlowly(version, SLOW_MS);
  // Days first: figures and charts need only them, and no query is faster.
  const report = useAnswer<ReportJson>(apiPath("api/report", time, names, [["by", "day"]]), version);
  const summary = useAnswer<ReportJson>(apiPath("api/report", time, names), version);
  const byModel = useAnswer<ReportJson>(apiPath("api/report", time, names, [["by", "day,model"]]), version);
  const exactDays = useAnswer<ReportJson>(
    state.exact ? apiPath("api/report", time, names, [["by", "day"]], exact) : undefined,
    slowVersion,
  );
  const isOver = days.until <= new Date(nowMs).toISOString().slice(0, 10) || typeof state.period !== "string";
  const sinceAlone = isOver ? time : time.filter(([name]) => name === "since");
  const changes = useAnswer<ChangesReport>(
    days.since === undefined ? undefined : apiPath("api/changes", sinceAlone, names),
    version,
  );

  if (report.data === undefined) {
    return report.problem === undefined ? (
      <Panel title="Overview" loaded={report} />
    ) : (
      <Nothing loaded={report} />
    );
  }
  const { totals, groups, notes, ledger } = report.data;
  if (totals.executions === 0 && totals.costUsd === 0) return <Nothing loaded={report} />;
  const first = days.since ?? groups[0]?.day ?? days.until;
  const all = eachDay(first, days.until);
  const axis = axisOf(all);
  const compared = changes.problem === undefined ? changes.data : undefined;
  // Unusual days are marked in the chart, and listed below it.
  const shownNotes = [
    ...(compared === undefined
      ? []
      : [
          `Compared with ${minuteOf(compared.comparedWith.since)} to ${minuteOf(compared.comparedWith.until)} (UTC).`,
        ]),
    ...notes.filter((note) => !note.startsWith("! ")),
  ];
  const marks = new Map(
    groups.flatMap(({ day = "", unusual }) => (unusual === true ? [[day, "unusually costly"] as const] : [])),
  );
  return (
    <>
      <ProblemNote loaded={report} />
      <div class={report.isLoading || report.problem !== undefined ? "old" : ""}>
        <Cards usage={totals} before={compared?.before} />
        {shownNotes.length > 0 && (
          <ul class="notes">
            {shownNotes.map((note) => (
              <li key={note}>{note}</li>
            ))}
          </ul>
        )}
        <Command text={commandLine("report", ledger, time, names)} />
      </div>
      <div class="grid wide-narrow">
        <CostChart loaded={byModel} axis={axis} marks={axis.unit === "day" ? marks : NO_MARKS} />
        <MonthChart />
      </div>
      <div class="grid halves">
        <ExecutionsChart groups={groups} axis={axis} />
        <DurationsChart groups={exactDays.data?.groups ?? groups} days={all} loaded={exactDays} />
      </div>
      <Budgets version={slowVersion} />
      {days.since !== undefined && (
        <Changes loaded={changes} ledger={ledger} parameters={[...sinceAlone, ...names]} />
      )}
      <Tops
        report={summary}
        changes={changes.data}
        slowVersion={slowVersion}
        parameters={[...time, ...names]}
      />
    </>
  );
}
