import type { BudgetCheck } from "../../plugins/budget";
import type { TelemetryRecord } from "../../src/record/types";
import type { Contender } from "../contenders/contender";
import { median } from "../results";
import type { Measures } from "./case";
import type { WritingFigure } from "./figure";
import { measureHost } from "./host";
import { FULL_SPEED } from "./pacing";

/** A typical number of repositories, and one for a thousand values. */
const FEW = 20;
const MANY = 1_000;
/** How many emits are timed together: a single one takes about as long as reading the clock. */
const CALLS = 500;
const PAUSE_MS = 25;
/** The number of chunks of calls of which the median is taken. */
const CHUNKS = 60;
/** Calls in a row: after a pause the processor's caches are cold, and the first call is slow whatever it is. */
const CHECKS = 5_000;
const ALL_CHECKS = 8 * CHECKS;
/** As many budgets as match most events. */
const ANSWERED = ["all", "each repo", "reviews", "one run"];

/** How many times another writer spends. */
const ELSEWHERE = 3;

type NextEvent = Parameters<WritingFigure["measure"]>[1];

/** The time of one `emit`, per chunk: its work alone, without waiting. */
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

/**
 * Single calls of `check`, between events that change its answer. They alternate with calls that only build an answer
 * of the same size: the clock, the memory of new objects and other programs affect both.
 */
async function measureChecks(contender: Contender, nextEvent: NextEvent): Promise<Measures> {
  const { check, flush } = contender;
  if (check === undefined) return {};
  const took = { check: new Float64Array(ALL_CHECKS), floor: new Float64Array(ALL_CHECKS) };
  for (let from = 0; from < ALL_CHECKS; from += CHECKS) {
    timeCalls(check, contender, nextEvent, took.check.subarray(from, from + CHECKS));
    await flush();
    timeCalls(makeAnswer, contender, nextEvent, took.floor.subarray(from, from + CHECKS));
    await flush();
  }
  const [checks, floor] = [took.check.sort(), took.floor.sort()];
  const percentileUs = (sorted: Float64Array, percent: number) =>
    (sorted[Math.floor((sorted.length * percent) / 100)] ?? 0) / 1_000;
  return {
    checkP50Us: percentileUs(checks, 50),
    checkP99Us: percentileUs(checks, 99),
    checkP999Us: percentileUs(checks, 99.9),
    floorP50Us: percentileUs(floor, 50),
    floorP99Us: percentileUs(floor, 99),
  };
}

function timeCalls(
  call: (event: TelemetryRecord) => void,
  { emit }: Contender,
  nextEvent: NextEvent,
  tookNs: Float64Array,
): void {
  for (let index = 0; index < tookNs.length; index += 1) {
    const event = nextEvent();
    const beforeNs = Bun.nanoseconds();
    call(event);
    tookNs[index] = Bun.nanoseconds() - beforeNs;
    emit(event);
  }
}

/** Keeps the last answer, so that it isn't optimised away. */
const answers: BudgetCheck[] = [];

function makeAnswer({ repo, costUsd }: TelemetryRecord): void {
  const spentUsd = costUsd ?? 0;
  const budgets = ANSWERED.map((budget) => ({
    budget,
    value: repo,
    per: "day" as const,
    limitUsd: 1,
    spentUsd,
    reservedUsd: 0,
    remainingUsd: 0,
    unknownCosts: 0,
    periodEnd: null,
    allowed: true,
  }));
  answers[0] = { allowed: true, budgets, stale: false, ageMs: spentUsd };
}

/** The longest time until the spending of another writer counts here. */
async function measureSeen({ spendElsewhere, flush }: Contender): Promise<Measures> {
  if (spendElsewhere === undefined) return {};
  await flush();
  let seenMs = 0;
  for (let time = 0; time < ELSEWHERE; time += 1) {
    // At a random moment between two readings.
    await Bun.sleep(1_000 * Math.random());
    const startMs = performance.now();
    await spendElsewhere();
    seenMs = Math.max(seenMs, performance.now() - startMs);
  }
  return { seenMs };
}

export const budget: WritingFigure = {
  title: `emitUs: one call of emit, with budgets and without; single calls of check, each after an event, and of what makes such an answer from nothing; seenMs: until what another writer spent counts`,
  columns: [
    "emitUs",
    "hostUsPerEvent",
    "checkP50Us",
    "checkP99Us",
    "checkP999Us",
    "floorP50Us",
    "floorP99Us",
    "seenMs",
  ],
  cases: () =>
    [FEW, MANY].flatMap((repositories) =>
      (["runledger", "budgets"] as const).map((contender) => ({ contender, repositories })),
    ),
  pace: (isQuick) => (isQuick ? { warmUpMs: 200, durationMs: 300 } : { warmUpMs: 1_000, durationMs: 2_000 }),
  async measure(contender, nextEvent, pace) {
    const { hostUsPerEvent = Number.NaN } = await measureHost(contender, nextEvent, pace);
    const emitUs = await measureEmits(contender, nextEvent);
    const checks = await measureChecks(contender, nextEvent);
    return { emitUs, hostUsPerEvent, ...checks, ...(await measureSeen(contender)) };
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
        upTo("what another process spent counts after, ms", results.median("seenMs", trial), 2_000),
      ];
    }),
};
