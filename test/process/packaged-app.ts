import { createApp, telemetryPlugin } from "runledger";
import { budgetPlugin } from "runledger/budget";
import { executionCompleted } from "runledger/testing";

// Usage: packaged-app.ts DB_PATH COUNT, from source, in a project of its own, bundled or compiled. Emits so many
// events, closes, and prints the stats of its budgets and those of the plugin.

const [dbPath = "", count = "1000"] = process.argv.slice(2);
const app = createApp()
  .use(telemetryPlugin, { dbPath })
  .use(budgetPlugin, { dbPath, budgets: [{ name: "all", limitUsd: 1e6, per: "month" }] });
const telemetry = app.get(telemetryPlugin);
const budgets = app.get(budgetPlugin);
await Promise.all([telemetry.ready, budgets.ready]);
for (let number = 0; number < Number(count); number += 1)
  app.emitter.emit("execution:completed", executionCompleted());
await telemetry.flush();
await budgets.refresh();
const { pending, restarts, state } = budgets.stats();
process.stdout.write(`${JSON.stringify({ pending, restarts, state })}\n`);
await app.close();
process.stdout.write(`${JSON.stringify(telemetry.stats())}\n`);
