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

/** Something that the benchmark measures. */
export interface Figure {
  readonly title: string;
  /** The measure to compare contenders by, and those shown beside it. */
  readonly columns: readonly string[];
  readonly cases: (isQuick: boolean) => readonly Case[];
  readonly pace: (isQuick: boolean) => Pace;
  /** Runs in the trial's process; the contender is closed afterwards. */
  readonly measure: (contender: Contender, nextEvent: () => TelemetryRecord, pace: Pace) => Promise<Measures>;
  /** What only shows when the contender is closed. */
  readonly measureClosed?: (folder: string, events: number) => Measures;
  readonly targets: (results: Results) => readonly Target[];
}
