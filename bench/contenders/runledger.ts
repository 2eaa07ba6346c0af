import { join } from "node:path";
import { createApp, type TelemetryPluginOptions, telemetryPlugin } from "../../src/index";
import type { TelemetryRecord } from "../../src/record/types";
import { LEDGER_FILE, type StartContender } from "./contender";

/** This package: the plugin with its defaults, the writer in its thread. Nothing is purged meanwhile. */
export const startRunledger = runledgerWith({});

/** The same for events without a cost. */
export const startUnpriced = runledgerWith({}, withoutCost);

/** The same with their cost estimated. */
export const startEstimating = runledgerWith({ estimateCost: true }, withoutCost);

function withoutCost({ costUsd: _, ...event }: TelemetryRecord): TelemetryRecord {
  return event as TelemetryRecord;
}

function runledgerWith(
  options: TelemetryPluginOptions,
  change: (event: TelemetryRecord) => TelemetryRecord = (event) => event,
): StartContender {
  return (folder) => start(folder, options, change);
}

async function start(
  folder: string,
  options: TelemetryPluginOptions,
  change: (event: TelemetryRecord) => TelemetryRecord,
): ReturnType<StartContender> {
  const file = { dbPath: join(folder, LEDGER_FILE), retentionDays: false } as const;
  const app = createApp().use(telemetryPlugin, { ...file, ...options });
  const telemetry = app.get(telemetryPlugin);
  await telemetry.ready;
  return {
    emit: (event) => app.emitter.emit("execution:completed", change(event)),
    queued: () => telemetry.stats().queued,
    flush: () => telemetry.flush(),
    async close() {
      await app.close();
      const { received, written, spilled } = telemetry.stats();
      if (spilled > 0 || written !== received)
        throw new Error(`The trial was paced too fast: ${JSON.stringify(telemetry.stats())}`);
      return written;
    },
  };
}
