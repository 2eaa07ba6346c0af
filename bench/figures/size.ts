import { statSync } from "node:fs";
import { join } from "node:path";
import { LEDGER_FILE } from "../contenders/contender";
import type { WritingFigure } from "./figure";
import { emitAtFullSpeed, FULL_SPEED } from "./pacing";

export const size: WritingFigure = {
  title: "bytesPerRow: the closed file's bytes per execution",
  columns: ["bytesPerRow", "rows"],
  cases: () =>
    [20, 200].flatMap((repositories) =>
      (["runledger", "earlier"] as const).map((contender) => ({ contender, repositories })),
    ),
  pace: (isQuick) => ({ warmUpMs: 0, durationMs: isQuick ? 300 : 2_000 }),
  async measure(contender, nextEvent, { durationMs }) {
    await emitAtFullSpeed(contender, nextEvent, { ...FULL_SPEED, durationMs });
    return {};
  },
  measureClosed: (folder, events) => ({
    bytesPerRow: statSync(join(folder, LEDGER_FILE)).size / events,
    rows: events,
  }),
  targets: () => [],
};
