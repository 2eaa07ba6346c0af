// Runs under `bun --hot`: on one emitter that all loads share (`shared`), on one of its own per load (`own`), or on an
// adapter per load that stands for one bus (`adapter`). Each load emits one run twice on every bus that there is, those
// of earlier loads too, and writes a line: loads, events so far, threads, listeners of SIGTERM.
import { readdirSync } from "node:fs";
import mitt, { type Emitter } from "mitt";
import { type AppEvents, createApp, telemetryPlugin } from "runledger";

const memory = globalThis as { buses?: Emitter<AppEvents>[]; loads?: number; emitted?: number };
const [mode, dbPath] = process.argv.slice(2);
memory.loads = (memory.loads ?? 0) + 1;
memory.buses ??= [];
if (mode === "own" || memory.buses.length === 0) memory.buses.push(mitt<AppEvents>());
const bus = memory.buses.at(-1) as Emitter<AppEvents>;
const emitter =
  mode === "adapter" ? { ...bus, all: new Map(), on: bus.on.bind(bus), off: bus.off.bind(bus) } : bus;

const app = createApp({ emitter }).use(telemetryPlugin, { dbPath });
app.closeOnSignals();

for (const some of memory.buses) {
  const run = { repo: "o/r", eventType: "push", model: "m", conclusion: "success" };
  some.emit("execution:completed", run);
  some.emit("execution:completed", run);
  memory.emitted = (memory.emitted ?? 0) + 2;
}
const { loads, emitted } = memory;
const threads = readdirSync("/proc/self/task").length;
process.stdout.write(
  `${JSON.stringify({ loads, emitted, threads, listeners: process.listenerCount("SIGTERM") })}\n`,
);
setInterval(() => {}, 1_000);
