import { measureDrain } from "./drain";
import type { WritingFigure } from "./figure";
import { measureHost } from "./host";

const UNPRICED = { contender: "unpriced", repositories: 20 } as const;
const ESTIMATING = { contender: "estimating", repositories: 20 } as const;

export const estimate: WritingFigure = {
  title: "hostUsPerEvent, drainPerSecond: events without a cost, as they are and with `estimateCost`",
  columns: ["hostUsPerEvent", "drainPerSecond", "processUsPerEvent"],
  cases: () => [UNPRICED, ESTIMATING],
  pace: (isQuick) => (isQuick ? { warmUpMs: 200, durationMs: 300 } : { warmUpMs: 1_000, durationMs: 2_000 }),
  measure: async (contender, nextEvent, pace) => ({
    ...(await measureHost(contender, nextEvent, pace)),
    ...(await measureDrain(contender, nextEvent, pace)),
  }),
  targets: (results) => [
    {
      name: "host's time with estimates × without",
      value: results.paired("hostUsPerEvent", ESTIMATING, UNPRICED, (a, b) => a / b),
      limit: 1.05,
      isUpperLimit: true,
    },
    {
      name: "events per second with estimates × without",
      value: results.paired("drainPerSecond", ESTIMATING, UNPRICED, (a, b) => a / b),
      limit: 0.95,
      isUpperLimit: false,
    },
  ],
};
