import type { TelemetryRecord } from "../../src/record/types";
import type { Contender } from "../contenders/contender";
import type { Results } from "../results";
import type { Case, Measures, Pace, Target } from "./case";

interface AnyFigure {
  readonly title: string;
  /** The measure by which contenders are compared, and those shown with it. */
  readonly columns: readonly string[];
  readonly cases: (isQuick: boolean) => readonly Case[];
  readonly pace: (isQuick: boolean) => Pace;
  readonly targets: (results: Results) => readonly Target[];
}

/** A figure about storing events. */
export interface WritingFigure extends AnyFigure {
  /** Runs in the trial's process; the contender is closed afterwards. */
  readonly measure: (contender: Contender, nextEvent: () => TelemetryRecord, pace: Pace) => Promise<Measures>;
  /** Measures that are known only after the contender is closed. */
  readonly measureClosed?: (folder: string, events: number) => Measures;
}

/** A figure about reading an existing ledger. */
export interface ReadingFigure extends AnyFigure {
  /** Runs in the trial's process, and leaves the ledger as it is. */
  readonly read: (dbPath: string, pace: Pace) => Promise<Measures>;
}

/** Something that the benchmark measures. */
export type Figure = WritingFigure | ReadingFigure;
