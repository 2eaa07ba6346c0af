import { writeSync } from "node:fs";
import { createApp, telemetryPlugin } from "runledger";
import { executionCompleted } from "runledger/testing";

// Usage: await-flush.ts DB_PATH. Awaits what the handle promises where nothing else keeps the process alive.

const telemetry = createApp()
  .use(telemetryPlugin, { dbPath: process.argv[2] ?? "" })
  .get(telemetryPlugin);

async function main(): Promise<void> {
  telemetry.record(executionCompleted());
  await telemetry.flush();
  await telemetry.checkpoint();
  const purged = await telemetry.purgeOlderThan(1);
  writeSync(1, `purged ${purged}, written ${telemetry.stats().written}\n`);
}

void main();
