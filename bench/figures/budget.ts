import type { Contender } from "../contenders/contender";
import { median } from "../results";
import type { Measures } from "./case";
import type { WritingFigure } from "./figure";
import { measureHost } from "./host";
import { FULL_SPEED } from "./pacing";

/** As many as an application has, and one for each of a thousand values. */
const FEW = 20;
const MANY = 1_000;
/** As many emits are timed together: one alone is about as long as looking at the clock. */
const CALLS = 500;
const PAUSE_MS = 25;
/** The median of so many chunks of calls. */
const CHUNKS = 60;
/** In a row: after a pause the processor's caches are cold, and so is whatever is called first. */
const CHECKS = 5_000;
const CHECK_CHUNKS = 8;

type NextEvent = Parameters<WritingFigure["measure"]>[1];

/** The time of one `emit`, by the chunk: what it takes that waits for nothing and nobody. */
async function measureEmits({ emit, queued }: Contender, nextEvent: NextEvent): Promise<number> {
  const means: number[] = [];
  for (let chunk = 0; chunk < CHUNKS; chunk += 1) {
    const events = Array.from({ length: CALLS }, nextEvent);
    const startNs = Bun.nanoseconds();
    for (const event of events) emit(event);
    means.push((Bun.nanoseconds() - startNs) / CALLS / 1_000);
    await Bun.sleep(PAUSE_MS);
    while (queued() > FULL_SPEED.maxQueued) await Bun.sleep(1);
  }
  return median(means);
}

/** Single calls of `check`, between events that change what it answers. */
async function measureChecks({ check, emit, flush }: Contender, nextEvent: NextEvent): Promise<Measures> {
  if (check === undefined) return {};
  const tookNs: number[] = [];
  for (let chunk = 0; chunk < CHECK_CHUNKS; chunk += 1) {
    for (let call = 0; call < CHECKS; call += 1) {
      const event = nextEvent();
      const beforeNs = Bun.nanoseconds();
      check(event);
      tookNs.push(Bun.nanoseconds() - beforeNs);
      emit(event);
    }
    await flush();
  }
  const sorted = Float64Array.from(tookNs).sort();
  const percentileUs = (percent: number) =>
    (sorted[Math.floor((sorted.length * percent) / 100)] ?? 0) / 1_000;
  return { checkP50Us: percentileUs(50), checkP99Us: percentileUs(99), checkP999Us: percentileUs(99.9) };
}

export const budget: WritingFigure = {
  title: `emitUs: one call of emit, with budgets and without; single calls of check, each after an event`,
  columns: ["emitUs", "hostUsPerEvent", "checkP50Us", "checkP99Us", "checkP999Us"],
  cases: () =>
    [FEW, MANY].flatMap((repositories) =>
      (["runledger", "budgets"] as const).map((contender) => ({ contender, repositories })),
    ),
  pace: (isQuick) => (isQuick ? { warmUpMs: 200, durationMs: 300 } : { warmUpMs: 1_000, durationMs: 2_000 }),
  async measure(contender, nextEvent, pace) {
    const { hostUsPerEvent = Number.NaN } = await measureHost(contender, nextEvent, pace);
    const emitUs = await measureEmits(contender, nextEvent);
    return { emitUs, hostUsPerEvent, ...(await measureChecks(contender, nextEvent)) };
  },
  targets: (results) =>
    [FEW, MANY].flatMap((repositories) => {
      const trial = { contender: "budgets", repositories } as const;
      const without = { contender: "runledger", repositories } as const;
      const more = (measure: string) => results.paired(measure, trial, without, (a, b) => a - b);
      const upTo = (name: string, value: number, limit: number) => ({
        name: `${name}, ${repositories} repositories`,
        value,
        limit,
        isUpperLimit: true,
      });
      return [
        upTo("emit, µs more with budgets", more("emitUs"), 0.3),
        upTo("check, median µs", results.median("checkP50Us", trial), 2),
        upTo("check, p99 µs", results.median("checkP99Us", trial), 5),
      ];
    }),
};
