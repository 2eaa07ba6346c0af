import type { TelemetryRecord } from "../../src/telemetry/types";
import type { Contender, ContenderName } from "../contenders/contender";
import type { Results } from "../results";

/** What one trial measured, by name; the unit is in the name. */
export type Measures = Readonly<Record<string, number>>;

/** One combination that a figure is measured for, in a fresh process each round. */
export interface Case {
  readonly contender: ContenderName;
  /** Over how many repositories the events go. */
  readonly repositories: number;
  /** Rows that are in the ledger before. Default: none, and no ledger. */
  readonly rows?: number;
  /** Over how many models these rows go. Default 3. */
  readonly models?: number;
}

/** How long a trial takes. */
export interface Pace {
  readonly warmUpMs: number;
  readonly durationMs: number;
}

export interface Target {
  readonly name: string;
  readonly value: number;
  /** The value reaches the target when it is at most, or at least, this. */
  readonly limit: number;
  readonly isUpperLimit: boolean;
}

interface AnyFigure {
  readonly title: string;
  /** The measure to compare contenders by, and those shown beside it. */
  readonly columns: readonly string[];
  readonly cases: (isQuick: boolean) => readonly Case[];
  readonly pace: (isQuick: boolean) => Pace;
  readonly targets: (results: Results) => readonly Target[];
}

/** What contenders take to store events. */
export interface WritingFigure extends AnyFigure {
  /** Runs in the trial's process; the contender is closed afterwards. */
  readonly measure: (contender: Contender, nextEvent: () => TelemetryRecord, pace: Pace) => Promise<Measures>;
  /** What only shows when the contender is closed. */
  readonly measureClosed?: (folder: string, events: number) => Measures;
}

/** What it takes to read a ledger that is there. */
export interface ReadingFigure extends AnyFigure {
  /** Runs in the trial's process, and leaves the ledger as it is. */
  readonly read: (dbPath: string, pace: Pace) => Promise<Measures>;
}

/** Something that the benchmark measures. */
export type Figure = WritingFigure | ReadingFigure;
