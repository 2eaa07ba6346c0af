import { join } from "node:path";
import { createApp, telemetryPlugin } from "../../src/index";
import { LEDGER_FILE, type StartContender } from "./contender";

/** This package: the plugin with its defaults, the writer in its thread. Nothing is purged meanwhile. */
export const startRunledger: StartContender = async (folder) => {
  const app = createApp().use(telemetryPlugin, { dbPath: join(folder, LEDGER_FILE), retentionDays: false });
  const telemetry = app.get(telemetryPlugin);
  await telemetry.ready;
  return {
    emit: (event) => app.emitter.emit("execution:completed", event),
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
};
