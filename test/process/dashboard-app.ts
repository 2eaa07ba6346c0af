import { createApp, telemetryPlugin } from "runledger";
import { dashboardPlugin } from "runledger/dashboard";
import { executionCompleted } from "runledger/testing";

// Usage: dashboard-app.ts DB_PATH, from source, in a project of its own, bundled or compiled. Records an execution,
// asks its own dashboard for the page, what the page loads, and the report, prints what came, and closes.

const [dbPath = ""] = process.argv.slice(2);
const app = createApp().use(telemetryPlugin, { dbPath }).use(dashboardPlugin, { db: dbPath, port: 0 });
app.emitter.emit("execution:completed", executionCompleted({ costUsd: 0.25 }));
await app.get(telemetryPlugin).flush();
const url = await app.get(dashboardPlugin).ready;
const index = await (await fetch(url)).text();
const assets = Array.from(index.matchAll(/(?:src|href)="\.\/([\w.-]+)"/g), ([, name = ""]) => name);
const types = await Promise.all(
  assets.map(async (name) => (await fetch(url + name)).headers.get("content-type")),
);
// On a machine that is busy with other programs, threads of a low priority may take too long to start for a first answer.
let answer = await fetch(`${url}api/report`);
while (answer.status === 503) answer = await fetch(`${url}api/report`);
const report = (await answer.json()) as { totals: { costUsd: number } };
await app.close();
const { restarts } = app.get(dashboardPlugin).stats();
process.stdout.write(
  `${JSON.stringify({ types: types.sort(), costUsd: report.totals.costUsd, restarts })}\n`,
);
