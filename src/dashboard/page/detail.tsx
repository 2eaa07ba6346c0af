import { useEffect, useRef } from "preact/hooks";
import { patternOf } from "../../name-pattern";
import type {
  PrintedExecution,
  PrintedExecutionReport,
  PrintedModel,
  PrintedRelated,
} from "../../report/execution-record";
import { formatCount, formatDuration } from "../../report/format/values";
import { isFailed } from "./columns";
import { usePage } from "./context";
import { useAnswer } from "./data";
import { money, orUnknown, UNKNOWN } from "./figures";
import { Command, ProblemNote, TableScroll, TextButton } from "./parts";
import { timeIn, withOnly } from "./state";

/** Everything about the open execution, in a dialog beside the page. */
export function Detail({ id, ledger }: { readonly id: string; readonly ledger: string }) {
  const { state, show } = usePage();
  const loaded = useAnswer<PrintedExecutionReport>(`./api/executions/${encodeURIComponent(id)}`, "");
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    if (dialog.current?.open === false) dialog.current.showModal();
  }, []);
  const close = () => show({ ...state, open: undefined });
  const { data } = loaded;
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape closes a dialog by itself.
    <dialog
      ref={dialog}
      class="detail"
      aria-labelledby="detail-title"
      onClose={close}
      onClick={(event) => event.target === event.currentTarget && close()}
    >
      <div class="detail-content">
        <div class="panel-head">
          <h2 id="detail-title">Execution</h2>
          <button type="button" class="quiet" onClick={close}>
            Close
          </button>
        </div>
        <ProblemNote loaded={loaded} />
        {data !== undefined && (
          <>
            <Facts execution={data.execution} timeZone={state.timeZone} />
            {data.execution.models !== null && <Models models={data.execution.models} />}
            <Related
              title="Others of its session"
              related={data.session}
              filter="session"
              name={`${data.execution.sessionId}`}
            />
            <Related
              title="Others of its pull request"
              related={data.pullRequest}
              filter="pr"
              name={`${data.execution.repo}#${data.execution.prNumber}`}
            />
            <Command text={`runledger show --db ${ledger} ${data.execution.executionId}`} />
          </>
        )}
      </div>
    </dialog>
  );
}

function Facts({ execution, timeZone }: { readonly execution: PrintedExecution; readonly timeZone: string }) {
  const number = (value: unknown, format = formatCount) => orUnknown(value as number | null, format);
  const { costSource, prNumber, labels } = execution;
  const facts: readonly (readonly [name: string, value: string, className?: string])[] = [
    ["completed", `${timeIn(timeZone, `${execution.completedAt}`)} (${timeZone})`],
    ["repository", `${execution.repo}${prNumber === null ? "" : `#${prNumber}`}`],
    ["event type", `${execution.eventType}`],
    [
      "conclusion",
      `${execution.conclusion}${execution.stopReason === null ? "" : ` (${execution.stopReason})`}`,
      isFailed(execution) ? "bad" : "",
    ],
    ["model", `${execution.model} (${execution.provider})`],
    ["cost", `${number(execution.costUsd, money)}${costSource === "estimated" ? " estimated" : ""}`],
    [
      "tokens",
      `${number(execution.inputTokens)} input · ${number(execution.outputTokens)} output · ${number(execution.cacheReadTokens)} cache read · ${number(execution.cacheCreationTokens)} cache write`,
    ],
    ["duration", `${number(execution.durationMs, formatDuration)} · ${number(execution.numTurns)} turns`],
    ...(labels === null
      ? []
      : ([
          [
            "labels",
            Object.entries(labels)
              .map((pair) => pair.join("="))
              .join(" · "),
          ],
        ] as const)),
    ...(execution.sessionId === null ? [] : ([["session", `${execution.sessionId}`]] as const)),
    ...(execution.deliveryId === null ? [] : ([["delivery", `${execution.deliveryId}`]] as const)),
    ["id", `${execution.executionId}`],
  ];
  return (
    <dl class="facts">
      {facts.map(([name, value, className = ""]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd class={className}>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function Models({ models }: { readonly models: readonly PrintedModel[] }) {
  const number = (value: unknown, format = formatCount) => orUnknown(value as number | null, format);
  return (
    <>
      <h3>By model</h3>
      <TableScroll label="By model">
        <table>
          <thead>
            <tr>
              {["model", "input", "output", "cache read", "cache write", "cost"].map((header, index) => (
                <th key={header} scope="col" class={index > 0 ? "number" : ""}>
                  {header}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {models.map((model) => (
              <tr key={`${model.provider} ${model.model}`}>
                <th scope="row">{model.model}</th>
                <td class="number">{number(model.inputTokens)}</td>
                <td class="number">{number(model.outputTokens)}</td>
                <td class="number">{number(model.cacheReadTokens)}</td>
                <td class="number">{number(model.cacheCreationTokens)}</td>
                <td class="number">
                  {model.costSource === "estimated" ? "~" : ""}
                  {number(model.costUsd, money)}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </TableScroll>
    </>
  );
}

function Related({
  title,
  related,
  filter,
  name,
}: {
  readonly title: string;
  readonly related: PrintedRelated | null;
  /** The filter that shows all of them. */
  readonly filter: "session" | "pr";
  readonly name: string;
}) {
  const { state, show } = usePage();
  if (related === null || related.executions === 0) return null;
  const { executions, failures, costUsd, latest } = related;
  return (
    <>
      <h3>{title}</h3>
      <p class="faint">
        {formatCount(executions)}, {formatCount(failures)} failed, {money(costUsd)}
        {latest.length < executions && `; the latest ${latest.length}`}{" "}
        <TextButton onClick={() => show({ ...withOnly(state, filter, patternOf(name)), open: undefined })}>
          Filter by it
        </TextButton>
      </p>
      <TableScroll label={title}>
        <table>
          <thead class="hidden-text">
            <tr>
              {["completed", "model", "conclusion", "cost"].map((header) => (
                <th key={header} scope="col">
                  {header}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {latest.map((other) => (
              <tr key={other.id}>
                <th scope="row">
                  <TextButton onClick={() => show({ ...state, open: `${other.executionId}` })}>
                    {timeIn(state.timeZone, `${other.completedAt}`)}
                  </TextButton>
                </th>
                <td>{other.model ?? UNKNOWN}</td>
                <td class={isFailed(other) ? "bad" : ""}>{other.conclusion}</td>
                <td class="number">{orUnknown(other.costUsd as number | null, money)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </TableScroll>
    </>
  );
}
