import type { HealthReport } from "../../doctor/report";
import { formatCount } from "../../report/format/values";
import type { ApplicationState } from "../../running-plugins";
import { Panel } from "./parts";

/** The state of the ledger and, if an application runs the dashboard, of its plugins. */
export interface Health extends HealthReport {
  /** `null`: the application is busy, and didn't answer. */
  readonly application?: ApplicationState | null;
}

/** The state of one plugin, in words. */
interface Said {
  readonly name: string;
  readonly isWell: boolean;
  readonly text: string;
  readonly reason?: string | undefined;
}

const RECORDER_COUNTS = [
  "received",
  "written",
  "duplicates",
  "rejected",
  "failed",
  "queued",
  "spilled",
  "dropped",
] as const;
const FORWARDER_COUNTS = ["behind", "forwarded", "duplicates", "rejected"] as const;

function saidBy(application: ApplicationState | null): readonly Said[] {
  if (application === null) {
    return [
      { name: "application", isWell: false, text: "its thread is busy: it did not answer in a second" },
    ];
  }
  return [
    ...application.telemetry.map(({ state, lastError, ...counts }) => ({
      name: "recorder",
      isWell: state !== "degraded" && counts.dropped + counts.failed === 0,
      text: `${state}: ${countsIn(counts, RECORDER_COUNTS)}`,
      reason: lastError,
    })),
    ...application.forwarding.map(({ target, state, lastError, ...counts }) => ({
      name: `forwarding to ${target}`,
      isWell: state !== "degraded",
      text: `${state}: ${countsIn(counts, FORWARDER_COUNTS)}`,
      reason: lastError,
    })),
  ];
}

function countsIn<Name extends string>(
  counts: Readonly<Record<Name, number>>,
  names: readonly Name[],
): string {
  return names.map((name) => `${formatCount(counts[name])} ${name}`).join(", ");
}

/** How many problems the ledger or the application's plugins have. */
export function problemsIn({ findings, application }: Health): number {
  const ofPlugins = application === undefined ? [] : saidBy(application);
  return (
    findings.filter(({ level }) => level === "problem").length +
    ofPlugins.filter(({ isWell }) => !isWell).length
  );
}

/** The state of the recorder and the forwarders of the application that runs the dashboard. */
export function Application({ state }: { readonly state: ApplicationState | null }) {
  const plugins = saidBy(state);
  if (plugins.length === 0) return null;
  return (
    <Panel title="The application" className="application">
      <ul class="findings">
        {plugins.map(({ name, isWell, text, reason }) => (
          <li key={`${name} ${text}`} class={isWell ? "ok" : "problem"}>
            <span class="level" aria-hidden="true">
              {isWell ? "✓" : "✕"}
            </span>
            <span>
              <span class="hidden-text">{isWell ? "ok" : "problem"}: </span>
              <b>{name}</b> {text}
              {reason !== undefined && <span class="remedy">Last error: {reason}</span>}
            </span>
          </li>
        ))}
      </ul>
    </Panel>
  );
}
