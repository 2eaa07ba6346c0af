// Runs under `bun --hot`: on one emitter that all loads share (`shared`, and `budgets` with those), on one of its own per
// load (`own`), or on an adapter per load that stands for one bus (`adapter`). Each load emits one run twice on every bus
// that there is, those of earlier loads too, and writes a line: loads, events so far, threads, listeners of SIGTERM; with
// budgets what is spent, once that is all or more, and alerts so far. Runs cost a dollar.
import { readdirSync } from "node:fs";
import mitt, { type Emitter } from "mitt";
import { type AppEvents, createApp, telemetryPlugin } from "runledger";
import { type Budgets, budgetPlugin } from "runledger/budget";

interface Memory {
  buses?: Emitter<AppEvents>[];
  loads?: number;
  emitted?: number;
  alerts?: string[];
}
const memory = globalThis as Memory;
const [mode, dbPath] = process.argv.slice(2);
memory.loads = (memory.loads ?? 0) + 1;
memory.buses ??= [];
if (mode === "own" || memory.buses.length === 0) memory.buses.push(mitt<AppEvents>());
const bus = memory.buses.at(-1) as Emitter<AppEvents>;
const emitter =
  mode === "adapter" ? { ...bus, all: new Map(), on: bus.on.bind(bus), off: bus.off.bind(bus) } : bus;

const app = createApp({ emitter }).use(telemetryPlugin, { dbPath });
const budgets: Budgets | undefined =
  mode === "budgets"
    ? app
        .use(budgetPlugin, { dbPath, budgets: [{ name: "all", limitUsd: 6, per: "month" }] })
        .get(budgetPlugin)
    : undefined;
if (memory.alerts === undefined) {
  const alerts: string[] = [];
  memory.alerts = alerts;
  bus.on("budget:threshold", ({ share }) => alerts.push(`threshold ${share}`));
  bus.on("budget:exceeded", () => alerts.push("exceeded"));
}
app.closeOnSignals();

for (const some of memory.buses) {
  const run = { repo: "o/r", eventType: "push", model: "m", conclusion: "success", costUsd: 1 };
  some.emit("execution:completed", run);
  some.emit("execution:completed", run);
  memory.emitted = (memory.emitted ?? 0) + 2;
}
/** Waits until the ledger has all that was emitted; throws when the next load took over before. */
async function spentOf(all: Budgets): Promise<number> {
  for (;;) {
    await all.refresh();
    const { spentUsd = 0 } = all.states()[0] ?? {};
    if (all.stats().pending === 0 && spentUsd >= (memory.emitted ?? 0)) return spentUsd;
  }
}

async function say(): Promise<void> {
  const spent = budgets && (await spentOf(budgets));
  const { loads, emitted, alerts } = memory;
  const threads = readdirSync("/proc/self/task").length;
  const listeners = process.listenerCount("SIGTERM");
  const handlers = bus.all.get("execution:completed")?.length;
  const line = { loads, emitted, threads, listeners, handlers, spent, alerts };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

say().catch(() => {});
setInterval(() => {}, 1_000);
