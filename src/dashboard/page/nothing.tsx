import type { ReportJson } from "../../report/format/json";
import { usePage } from "./context";
import { type Loaded, useAnswer } from "./data";
import { ProblemNote } from "./parts";
import { hasFilters, withoutFilters } from "./state";

const FIRST_LINES = `import { createApp, telemetryPlugin } from "runledger";
const app = createApp().use(telemetryPlugin);
app.emitter.emit("execution:completed", { repo, eventType, model, conclusion, costUsd });`;

/** Shown in place of figures if there are none: says why, and what to do. */
export function Nothing({ loaded }: { readonly loaded: Loaded<ReportJson> }) {
  const { state, show, version } = usePage();
  const isMissing = loaded.problem?.code === "LEDGER_NOT_FOUND";
  const asksForLess = hasFilters(state) || state.period !== "all";
  const all = useAnswer<ReportJson>(
    isMissing || loaded.problem !== undefined ? undefined : "./api/report?by=month",
    version,
  );
  if (loaded.problem !== undefined && !isMissing) return <ProblemNote loaded={loaded} />;
  const count = all.data?.totals.executions ?? 0;
  if (!isMissing && all.data === undefined) return <p class="faint waiting">…</p>;
  if (!isMissing && count > 0 && asksForLess) {
    return (
      <section class="panel empty">
        <h2>Nothing here</h2>
        <p>No execution of this period matches these filters; the ledger has some that don't.</p>
        <p class="buttons">
          {hasFilters(state) && (
            <button type="button" onClick={() => show(withoutFilters(state))}>
              Without filters
            </button>
          )}
          {state.period !== "all" && (
            <button type="button" onClick={() => show({ ...state, period: "all" })}>
              Of all time
            </button>
          )}
        </p>
      </section>
    );
  }
  return (
    <section class="panel empty">
      <h2>No executions yet</h2>
      <p>
        {isMissing ? "There is no ledger yet. " : "The ledger is empty. "}
        These three lines in an application fill it; this page will show what they record.
      </p>
      <pre>
        <code>{FIRST_LINES}</code>
      </pre>
    </section>
  );
}
