import type { ContenderName } from "../contenders";
import type { Contender } from "../contenders/contender";
import { median } from "../results";
import { BlockedTime, onProcessorUs } from "../thread-time";
import type { Measures, Pace } from "./case";
import type { WritingFigure } from "./figure";
import { emitAtFullSpeed, emitAtRate, FULL_SPEED } from "./pacing";

/**
 * Bursts, each a batch for the flush timer. After every pause the processor starts with cold caches: with bursts of
 * 100, every contender costs about half as much again.
 */
const RATE = { perSecond: 20_000, chunk: 500 } as const;

/**
 * The host thread's time per event until everything is stored: on a processor, and blocked on the disk inside
 * `emit`. What other programs take from it is left out.
 */
export async function measureHost(
  contender: Contender,
  nextEvent: Parameters<WritingFigure["measure"]>[1],
  { warmUpMs, durationMs }: Pace,
): Promise<Measures> {
  // At full speed, to warm up the JIT compiler.
  await emitAtFullSpeed(contender, nextEvent, { ...FULL_SPEED, durationMs: warmUpMs });
  await contender.flush();
  const blocked = new BlockedTime();
  const before = onProcessorUs();
  const events = await emitAtRate(contender, nextEvent, { ...RATE, durationMs }, (emitChunk) =>
    blocked.measure(emitChunk),
  );
  await contender.flush();
  const processorUs = onProcessorUs() - before;
  return {
    hostUsPerEvent: (processorUs + blocked.totalUs) / events,
    onProcessorUs: processorUs / events,
    blockedUs: blocked.totalUs / events,
  };
}

export const host: WritingFigure = {
  title: "hostUsPerEvent: the host thread's time per event, flushing included",
  columns: ["hostUsPerEvent", "onProcessorUs", "blockedUs"],
  cases: (isQuick) => [
    ...(["runledger", "earlier", "kysely", "drizzle", "pino", "otel", "raw", "floor"] as const).map(
      (contender) => ({ contender, repositories: 20 }),
    ),
    { contender: "runledger", repositories: 20, labels: 3 },
    ...(isQuick ? [] : (["runledger", "earlier", "floor"] as const)).map((contender) => ({
      contender,
      repositories: 200,
    })),
  ],
  pace: (isQuick) => (isQuick ? { warmUpMs: 200, durationMs: 300 } : { warmUpMs: 1_000, durationMs: 1_500 }),
  measure: measureHost,
  // The floor, the cost of measuring itself, is subtracted from both sides of each ratio.
  targets: (results) =>
    results.repositories().flatMap((repositories) => {
      const cost = (contender: ContenderName) =>
        results.rounds("hostUsPerEvent", { contender, repositories });
      const floor = cost("floor");
      const aboveFloor = (contender: ContenderName) =>
        cost(contender).map((us, round) => us - (floor[round] ?? 0));
      const own = aboveFloor("runledger");
      const ratioTo = (contender: ContenderName) => {
        const other = aboveFloor(contender);
        return median(own.map((us, round) => us / (other[round] ?? Number.NaN)));
      };
      const over = `${repositories} repositories`;
      return [
        { name: `µs above the floor, ${over}`, value: median(own), limit: 1.5, isUpperLimit: true },
        {
          name: `× earlier, above the floor, ${over}`,
          value: ratioTo("earlier"),
          limit: 1 / 40,
          isUpperLimit: true,
        },
        ...(repositories === 20
          ? [
              {
                name: `× otel, above the floor, ${over}`,
                value: ratioTo("otel"),
                limit: 1 / 2,
                isUpperLimit: true,
              },
            ]
          : []),
      ];
    }),
};
