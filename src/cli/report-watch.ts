import { setTimeout } from "node:timers/promises";
import { RunledgerError } from "../errors";
import type { Ledger } from "../report/database/ledger";
import { openLedger } from "../report/database/open-ledger";
import { lastExecutionId } from "../report/executions";
import type { Terminal } from "./terminal";

/** How often {@link watchReport} checks. */
export interface WatchOptions {
  readonly dbPath: string;
  /** Makes the report. */
  readonly report: (ledger: Ledger) => Promise<string>;
  /** Default 2000. */
  readonly everyMs?: number;
  /** How often the report is made again although nothing is new, since its period moves on. Default 60000. */
  readonly atLeastEveryMs?: number;
}

/** What was drawn, and when. */
interface Drawn {
  readonly lastId: number;
  readonly atMs: number;
}

const HOME = "\x1b[H";
const ERASE_LINE = "\x1b[K";
const ERASE_BELOW = "\x1b[J";

/**
 * Draws a report, and redraws it whenever executions were recorded, until it is interrupted.
 *
 * @throws {RunledgerError} `INVALID_OPTION` if there is no terminal to draw on.
 */
export async function watchReport(
  terminal: Terminal,
  { dbPath, report, everyMs = 2_000, atLeastEveryMs = 60_000 }: WatchOptions,
): Promise<void> {
  if (!terminal.isTerminal) {
    throw new RunledgerError("INVALID_OPTION", "--watch draws on a terminal, and this is none.", {
      hint: "Leave it out, or don't redirect the output.",
    });
  }
  const interruption = terminal.interruption();
  let drawn: Drawn | undefined;
  while (!interruption.aborted) {
    drawn = await redraw(drawn).catch(orAsBefore(drawn));
    await setTimeout(everyMs, undefined, { signal: interruption }).catch(() => {});
  }

  /**
   * Opens the ledger each time: it may be another file by now, and an application that ends must not find it in use.
   */
  async function redraw(last: Drawn | undefined): Promise<Drawn> {
    await using ledger = await openLedger(dbPath);
    const lastId = await lastExecutionId(ledger);
    if (lastId === last?.lastId && performance.now() - last.atMs < atLeastEveryMs) return last;
    const picture = (await report(ledger)).replaceAll("\n", `${ERASE_LINE}\n`);
    await terminal.write(HOME + picture + ERASE_BELOW);
    return { lastId, atMs: performance.now() };
  }
}

/**
 * If the ledger can't be read, the last report stays: a ledger that was deleted is put back by whoever writes to it.
 */
function orAsBefore(drawn: Drawn | undefined): (error: unknown) => Drawn {
  return (error) => {
    if (drawn === undefined || !(error instanceof RunledgerError)) throw error;
    return drawn;
  };
}
