import type { WritingFigure } from "./figure";

const PER_SECOND = 5_000;
/** After a stall, overdue events are emitted in portions, as waiting requests would be. */
const LARGEST_BURST = 25;

export const stall: WritingFigure = {
  title: `longestStallMs: longest pause of the host's event loop at ${PER_SECOND} events/s; one call of emit in µs`,
  columns: ["longestStallMs", "emitP50Us", "emitP99Us", "emitP999Us", "emitMaxUs", "perSecond"],
  cases: () =>
    (["runledger", "earlier", "floor"] as const).map((contender) => ({ contender, repositories: 20 })),
  pace: (isQuick) => (isQuick ? { warmUpMs: 200, durationMs: 1_500 } : { warmUpMs: 500, durationMs: 20_000 }),
  async measure({ emit }, nextEvent, { warmUpMs, durationMs }) {
    const emitNs = new Float64Array(Math.ceil((durationMs / 1_000) * PER_SECOND) + LARGEST_BURST);
    let events = 0;
    let longestStallMs = 0;
    const run = async (untilMs: number) => {
      const start = performance.now();
      events = 0;
      longestStallMs = 0;
      for (let last = start; last - start < untilMs; ) {
        await Bun.sleep(1);
        const now = performance.now();
        longestStallMs = Math.max(longestStallMs, now - last);
        last = now;
        const due = Math.floor(((now - start) / 1_000) * PER_SECOND) - events;
        for (let i = Math.min(due, LARGEST_BURST); i > 0 && events < emitNs.length; i -= 1) {
          const event = nextEvent();
          const before = Bun.nanoseconds();
          emit(event);
          emitNs[events] = Bun.nanoseconds() - before;
          events += 1;
        }
      }
    };
    await run(warmUpMs);
    await run(durationMs);
    const sorted = emitNs.subarray(0, events).sort();
    const percentileUs = (percent: number) =>
      (sorted[Math.min(events - 1, Math.floor((events * percent) / 100))] ?? 0) / 1_000;
    return {
      longestStallMs,
      emitP50Us: percentileUs(50),
      emitP99Us: percentileUs(99),
      emitP999Us: percentileUs(99.9),
      emitMaxUs: percentileUs(100),
      perSecond: events / (durationMs / 1_000),
    };
  },
  targets: (results) => {
    const own = { contender: "runledger", repositories: 20 } as const;
    const earlier = { contender: "earlier", repositories: 20 } as const;
    return [
      {
        name: "longest stall × earlier",
        value: results.paired("longestStallMs", own, earlier, (a, b) => a / b),
        limit: 1 / 5,
        isUpperLimit: true,
      },
      {
        name: "emit p99.9, µs",
        value: results.median("emitP999Us", own),
        limit: 20,
        isUpperLimit: true,
      },
    ];
  },
};
