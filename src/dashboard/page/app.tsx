import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { ReportJson } from "../../report/format/json";
import { problemsIn, type Health as State } from "./application";
import { type PageContext, Shared } from "./context";
import { useAnswer, useLive, useSlowly } from "./data";
import { Detail } from "./detail";
import { Executions } from "./executions";
import { Filters } from "./filters";
import { Health } from "./health";
import { Overview } from "./overview";
import { type PageState, parseState, toSearch, VIEWS, type View } from "./state";

const VIEW_NAMES: Readonly<Record<View, string>> = {
  overview: "Overview",
  executions: "Executions",
  health: "Health",
};
const HEALTH_MS = 60_000;

export function App() {
  const [state, show] = useUrlState();
  const live = useLive();
  const [isHelpOpen, setIsHelpOpen] = useState(false);
  const nowMs = useMemo(() => Date.now(), [live.version, state]);
  const context: PageContext = { state, show, version: live.version, nowMs };
  const slowVersion = useSlowly(live.version, HEALTH_MS);
  const health = useAnswer<State>("./api/health", slowVersion).data;
  const ledger = useAnswer<ReportJson>("./api/report?since=1h&by=conclusion", "").data?.ledger ?? "";
  useKeys(state, show, () => setIsHelpOpen(true));
  const href = (view: View) => `./${toSearch({ ...state, view, open: undefined })}`;
  const problems = health === undefined ? 0 : problemsIn(health);
  return (
    <Shared.Provider value={context}>
      <a class="skip" href="#content">
        To the content
      </a>
      <header>
        <h1>
          Runledger{" "}
          <span class="faint ledger" title={ledger}>
            {nameOf(ledger)}
          </span>
        </h1>
        <nav aria-label="Views">
          {VIEWS.map((view) => (
            <a
              key={view}
              href={href(view)}
              aria-current={state.view === view ? "page" : undefined}
              onClick={(event) => {
                if (event.ctrlKey || event.metaKey || event.shiftKey) return;
                event.preventDefault();
                show({ ...state, view, open: undefined });
              }}
            >
              {VIEW_NAMES[view]}
              {view === "health" && problems > 0 && (
                <span class="badge" title={`${problems} problems`}>
                  {problems}
                </span>
              )}
            </a>
          ))}
        </nav>
        <p class={live.isConnected ? "live" : "live lost"} role="status">
          {live.isConnected
            ? "live"
            : live.lostAt === undefined
              ? "connecting"
              : `cut off since ${new Date(live.lostAt).toTimeString().slice(0, 5)}; trying again`}
        </p>
        <button type="button" class="quiet help-button" aria-label="Keys" onClick={() => setIsHelpOpen(true)}>
          ?
        </button>
      </header>
      {state.view !== "health" && <Filters />}
      <main id="content" tabIndex={-1}>
        <h2 class="hidden-text">{VIEW_NAMES[state.view]}</h2>
        {state.view === "overview" && <Overview />}
        {state.view === "executions" && <Executions />}
        {state.view === "health" && <Health />}
      </main>
      {state.open !== undefined && <Detail key={state.open} id={state.open} ledger={ledger} />}
      {isHelpOpen && <Help onClose={() => setIsHelpOpen(false)} />}
    </Shared.Provider>
  );
}

/** The state that is in the URL; showing another one adds a step to the browser's history. */
function useUrlState(): readonly [PageState, (next: PageState) => void] {
  const [state, setState] = useState(() => parseState(location.search));
  useEffect(() => {
    const read = () => setState(parseState(location.search));
    addEventListener("popstate", read);
    return () => removeEventListener("popstate", read);
  }, []);
  const show = (next: PageState) => {
    const search = toSearch(next);
    if (search === toSearch(state)) return;
    history.pushState(undefined, "", `./${search}`);
    setState(next);
  };
  return [state, show];
}

/** Keys that work everywhere except where text is typed. */
function useKeys(state: PageState, show: (next: PageState) => void, help: () => void): void {
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      const isTyping =
        event.target instanceof Element && event.target.matches("input, select, textarea, dialog *");
      if (isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
      const view = VIEWS[Number(event.key) - 1];
      if (event.key === "/") document.getElementById("search")?.focus();
      else if (event.key === "?") help();
      else if (view !== undefined) show({ ...state, view, open: undefined });
      else return;
      event.preventDefault();
    };
    addEventListener("keydown", onKeyDown);
    return () => removeEventListener("keydown", onKeyDown);
  });
}

const KEYS = [
  ["/", "filter by a name, or find an execution"],
  ["1 2 3", "overview, executions, health"],
  ["← →", "in a chart: the day before, the day after"],
  ["Home End", "in a chart: the first day, the last"],
  ["Shift ← →", "in a chart: select days; Enter shows them"],
  ["T", "in a chart: its table"],
  ["Esc", "close what is open"],
  ["?", "these keys"],
] as const;

function Help({ onClose }: { readonly onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} class="help" aria-labelledby="help-title" onClose={onClose}>
      <div class="panel-head">
        <h2 id="help-title">Keys</h2>
        <button type="button" class="quiet" onClick={onClose}>
          Close
        </button>
      </div>
      <dl class="facts">
        {KEYS.map(([key, meaning]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{meaning}</dd>
          </div>
        ))}
      </dl>
    </dialog>
  );
}

/** The last part of a path, or of a URL. */
function nameOf(ledger: string): string {
  return ledger.split("/").at(-1) ?? ledger;
}
