import type { Case } from "./case";
import { measureDrain } from "./drain";
import type { WritingFigure } from "./figure";
import { measureHost } from "./host";

const MILLION = 1_000_000;

export const growth: WritingFigure = {
  title: "growth: the same with so many rows in the ledger before",
  columns: ["hostUsPerEvent", "drainPerSecond", "processUsPerEvent"],
  cases: (isQuick) =>
    [20, 200].flatMap((repositories) =>
      (isQuick ? [0, MILLION / 20] : [0, MILLION, 10 * MILLION]).map(
        (rows): Case => ({ contender: "runledger", repositories, rows }),
      ),
    ),
  pace: (isQuick) => (isQuick ? { warmUpMs: 200, durationMs: 300 } : { warmUpMs: 500, durationMs: 2_000 }),
  measure: async (contender, nextEvent, pace) => ({
    ...(await measureHost(contender, nextEvent, pace)),
    ...(await measureDrain(contender, nextEvent, pace)),
  }),
  targets: (results) => {
    const largest = Math.max(...results.cases().map(({ rows = 0 }) => rows));
    const small: Case = { contender: "runledger", repositories: 20, rows: 0 };
    const large: Case = { contender: "runledger", repositories: 20, rows: largest };
    return [
      {
        name: "hostUsPerEvent, × empty, 20 repositories",
        value: results.paired("hostUsPerEvent", large, small, (a, b) => a / b),
        limit: 1.3,
        isUpperLimit: true,
      },
      {
        name: "time to drain, × empty, 20 repositories",
        value: results.paired("drainPerSecond", large, small, (a, b) => b / a),
        limit: 1.3,
        isUpperLimit: true,
      },
    ];
  },
};
