import type { BatchObservableCallback, Meter, Observable } from "@opentelemetry/api";
import type { PluginEmitter } from "../../src/app/plugin";
import type { TelemetryStats } from "../../src/recorder/types";
import { siblingsOf } from "../../src/reload";
import { FORWARD, type RunningForwarder, type RunningTelemetry, TELEMETRY } from "../../src/running-plugins";

const COUNTERS = [
  ["received", "Events received by the telemetry plugin."],
  ["written", "Executions stored as new rows."],
  ["duplicates", "Executions stored before."],
  ["rejected", "Events refused as invalid; each is an incident."],
  ["spilled", "Executions written to the spill file."],
  ["dropped", "Executions lost."],
] as const satisfies readonly (readonly [keyof TelemetryStats, string])[];

const STATES = [
  "opening",
  "open",
  "degraded",
  "closing",
  "closed",
] as const satisfies readonly TelemetryStats["state"][];

const STATE = "runledger.state";
const TARGET = "runledger.forward.target";

type Observation = Parameters<BatchObservableCallback>[0];

/** Reports the `stats()` of the telemetry plugin and the forwarders, read when the SDK collects metrics. */
export class SelfMetrics {
  readonly #emitter: PluginEmitter;
  readonly #spansOmitted: () => number;
  #telemetry: RunningTelemetry | undefined;
  readonly #forwarders = new Map<string, RunningForwarder>();
  #stop = () => {};

  constructor(emitter: PluginEmitter, spansOmitted: () => number) {
    this.#emitter = emitter;
    this.#spansOmitted = spansOmitted;
  }

  /**
   * Looks for these plugins again. Closed ones are kept, because what was lost at the end has to be in the last
   * metrics.
   */
  look(): void {
    const isOurs = (telemetry: RunningTelemetry) => telemetry.isOn(this.#emitter);
    this.#telemetry = siblingsOf<RunningTelemetry>(TELEMETRY).find(isOurs) ?? this.#telemetry;
    for (const forwarder of siblingsOf<RunningForwarder>(FORWARD)) {
      this.#forwarders.set(forwarder.target, forwarder);
    }
  }

  observe(meter: Meter): void {
    const executions = (name: string, description: string) =>
      [`runledger.telemetry.${name}`, { unit: "{execution}", description }] as const;
    const counters = COUNTERS.map(
      ([stat, description]) =>
        [stat, meter.createObservableCounter(...executions(stat, description))] as const,
    );
    const queued = meter.createObservableUpDownCounter(
      ...executions("queued", "Events received and not stored yet."),
    );
    const restarts = meter.createObservableCounter("runledger.telemetry.restarts", {
      unit: "{restart}",
      description: "How often the writer died and was started again.",
    });
    const state = meter.createObservableGauge("runledger.telemetry.state", {
      unit: "1",
      description: "1 for the state that the telemetry plugin is in, 0 for the others.",
    });
    const flush = meter.createObservableGauge("runledger.telemetry.flush.duration", {
      unit: "s",
      description: "How long the writer's last transaction took.",
    });
    const behind = meter.createObservableGauge("runledger.forward.behind", {
      unit: "{execution}",
      description: "Executions that are not on the target yet.",
    });
    const omitted = meter.createObservableCounter("runledger.spans.omitted", {
      unit: "{span}",
      description: "Executions that have no span, above all those without a duration.",
    });

    const observeTelemetry = (result: Observation, stats: TelemetryStats): void => {
      for (const [stat, counter] of counters) result.observe(counter, stats[stat]);
      result.observe(queued, stats.queued);
      result.observe(restarts, stats.restarts);
      for (const name of STATES) result.observe(state, name === stats.state ? 1 : 0, { [STATE]: name });
      if (stats.lastFlushMs !== undefined) result.observe(flush, stats.lastFlushMs / 1_000);
    };
    const callback: BatchObservableCallback = (result) => {
      this.look();
      if (this.#telemetry !== undefined) observeTelemetry(result, this.#telemetry.stats());
      for (const [target, forwarder] of this.#forwarders) {
        result.observe(behind, forwarder.stats().behind, { [TARGET]: target });
      }
      result.observe(omitted, this.#spansOmitted());
    };
    const observed: Observable[] = [
      ...counters.map(([, counter]) => counter),
      queued,
      restarts,
      state,
      flush,
      behind,
      omitted,
    ];
    meter.addBatchObservableCallback(callback, observed);
    this.#stop = () => meter.removeBatchObservableCallback(callback, observed);
    this.look();
  }

  /** Stops observing, because the next plugin observes the same instruments. Never throws. */
  stop(): void {
    try {
      this.#stop();
    } catch {
      // A failure of the SDK must not reach the code that sets up the next plugin.
    }
    this.#stop = () => {};
  }
}
