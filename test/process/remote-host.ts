import { createApp, type ExecutionCompleted, type TelemetryPluginOptions, telemetryPlugin } from "runledger";
import { executionCompleted } from "runledger/testing";

// Usage: remote-host.ts OPTIONS_JSON [PREFIX], spawned with IPC (see support/remote-host.ts). An application with the
// plugin that does what the test tells it. Events are numbered: their `executionId` is PREFIX and the number.

/** What the application's own thread went through. */
export interface HostMeasures {
  readonly emitted: number;
  /** Calls of `emit` that threw. */
  readonly thrown: number;
  readonly longestEmitMs: number;
  /** Longest time between two turns of the event loop. */
  readonly longestStallMs: number;
  readonly highestRssBytes: number;
}

const TICK_MS = 1;

const [options = "{}", prefix = "event"] = process.argv.slice(2);
const app = createApp().use(telemetryPlugin, JSON.parse(options) as TelemetryPluginOptions);
const telemetry = app.get(telemetryPlugin);

let emitted = 0;
let thrown = 0;
let longestEmitMs = 0;
let longestStallMs = 0;
let highestRssBytes = 0;

function emitOne(overrides: Partial<ExecutionCompleted> = {}): void {
  emitted += 1;
  const event = executionCompleted({ executionId: `${prefix}-${emitted}`, ...overrides });
  const startMs = performance.now();
  try {
    app.emitter.emit("execution:completed", event);
  } catch {
    thrown += 1;
  }
  longestEmitMs = Math.max(longestEmitMs, performance.now() - startMs);
}

function sampleMemory(): void {
  highestRssBytes = Math.max(highestRssBytes, process.memoryUsage.rss());
}

let steady: ReturnType<typeof setInterval> | undefined;

/** What a test may ask for; `undefined` is answered as `null`. */
export const commands = {
  ready: () => telemetry.ready,
  /** Emits so many events at once. */
  emit(count: number, overrides?: Partial<ExecutionCompleted>) {
    for (let turn = 0; turn < count; turn += 1) {
      emitOne(overrides);
      if (turn % 1_000 === 0) sampleMemory();
    }
  },
  /** Emits the very events. */
  emitAll(events: readonly Partial<ExecutionCompleted>[]) {
    for (const event of events) emitOne(event);
  },
  /** Goes on emitting at this rate, and watches the event loop. */
  emitSteadily(perSecond: number) {
    const [startMs, before] = [performance.now(), emitted];
    let lastMs = startMs;
    steady = setInterval(() => {
      const nowMs = performance.now();
      longestStallMs = Math.max(longestStallMs, nowMs - lastMs - TICK_MS);
      lastMs = nowMs;
      while (emitted - before < ((nowMs - startMs) / 1_000) * perSecond) emitOne();
    }, TICK_MS);
  },
  stopEmitting: () => clearInterval(steady),
  flush: () => telemetry.flush(),
  stats: () => telemetry.stats(),
  checkpoint: () => telemetry.checkpoint(),
  purgeOlderThan: (days: number) => telemetry.purgeOlderThan(days),
  measures(): HostMeasures {
    sampleMemory();
    return { emitted, thrown, longestEmitMs, longestStallMs, highestRssBytes };
  },
  /** Collects garbage, and begins to measure the highest memory anew. */
  settleMemory(): number {
    Bun.gc(true);
    highestRssBytes = process.memoryUsage.rss();
    return highestRssBytes;
  },
  /** Moves the application's clock; the thread of a writer keeps its own. */
  moveClock(byMs: number) {
    const now = Date.now.bind(Date);
    Date.now = () => now() + byMs;
  },
  close: () => telemetry.close(),
  /** Nothing is left to do: the process ends by itself. */
  end() {
    clearInterval(steady);
    setImmediate(() => process.disconnect?.());
  },
};

export type HostCommands = typeof commands;

interface Call {
  readonly id: number;
  readonly command: keyof HostCommands;
  readonly parameters: readonly unknown[];
}

process.on("message", async ({ id, command, parameters }: Call) => {
  const call = commands[command] as (...parameters: readonly unknown[]) => unknown;
  try {
    process.send?.({ id, value: (await call(...parameters)) ?? null });
  } catch (error) {
    process.send?.({ id, error: String(error) });
  }
});
