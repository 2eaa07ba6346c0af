import type { Change } from "./changes-report";

/** The sum of several changes. In its own file because the page loads it too. */
export function sumOfChanges(changes: readonly Change[]) {
  const sum = (read: (change: Change) => number) =>
    changes.reduce((total, change) => total + read(change), 0);
  return {
    beforeUsd: sum(({ beforeUsd }) => beforeUsd),
    nowUsd: sum(({ nowUsd }) => nowUsd),
    differenceUsd: sum(({ differenceUsd }) => differenceUsd),
    executionsBefore: sum(({ executionsBefore }) => executionsBefore),
    executionsNow: sum(({ executionsNow }) => executionsNow),
    withoutCostBefore: sum(({ withoutCostBefore }) => withoutCostBefore),
    withoutCostNow: sum(({ withoutCostNow }) => withoutCostNow),
  };
}
