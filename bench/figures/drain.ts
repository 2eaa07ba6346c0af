import type { Contender } from "../contenders/contender";
import type { Case, Measures, Pace } from "./case";
import type { WritingFigure } from "./figure";
import { emitAtFullSpeed, FULL_SPEED } from "./pacing";

/** Events per second from the first `emit` until the last is committed. */
export async function measureDrain(
  contender: Contender,
  nextEvent: Parameters<WritingFigure["measure"]>[1],
  { warmUpMs, durationMs }: Pace,
): Promise<Measures> {
  await emitAtFullSpeed(contender, nextEvent, { ...FULL_SPEED, durationMs: warmUpMs });
  await contender.flush();
  const cpuBefore = process.cpuUsage();
  const start = performance.now();
  const events = await emitAtFullSpeed(contender, nextEvent, { ...FULL_SPEED, durationMs });
  await contender.flush();
  const seconds = (performance.now() - start) / 1_000;
  const { user, system } = process.cpuUsage(cpuBefore);
  return { drainPerSecond: events / seconds, processUsPerEvent: (user + system) / events };
}

const WITH_LABELS: Case = { contender: "runledger", repositories: 20, labels: 3 };

export const drain: WritingFigure = {
  title: "drainPerSecond: events per second from emit to committed",
  columns: ["drainPerSecond", "processUsPerEvent"],
  cases: (isQuick) => [
    ...(["runledger", "earlier", "kysely", "drizzle", "pino", "otel", "raw"] as const).map((contender) => ({
      contender,
      repositories: 20,
    })),
    WITH_LABELS,
    ...(isQuick ? [] : (["runledger", "earlier", "raw"] as const)).map((contender) => ({
      contender,
      repositories: 200,
    })),
  ],
  pace: (isQuick) => (isQuick ? { warmUpMs: 200, durationMs: 300 } : { warmUpMs: 500, durationMs: 1_500 }),
  measure: measureDrain,
  targets: (results) => [
    {
      name: "with 3 labels × without",
      value: results.paired(
        "drainPerSecond",
        WITH_LABELS,
        { contender: "runledger", repositories: 20 },
        (a, b) => a / b,
      ),
      limit: 0.6,
      isUpperLimit: false,
    },
    ...results.repositories().flatMap((repositories) => {
      const ratioTo = (contender: "earlier" | "raw") =>
        results.paired(
          "drainPerSecond",
          { contender: "runledger", repositories },
          { contender, repositories },
          (a, b) => a / b,
        );
      return [
        {
          name: `× earlier, ${repositories} repositories`,
          value: ratioTo("earlier"),
          limit: 4,
          isUpperLimit: false,
        },
        {
          name: `× raw, ${repositories} repositories`,
          value: ratioTo("raw"),
          limit: 0.6,
          isUpperLimit: false,
        },
      ];
    }),
  ],
};
