import type { ContenderName } from "../contenders";

/** What one trial measured, by name; the unit is in the name. */
export type Measures = Readonly<Record<string, number>>;

/** One combination for which a figure is measured, in a new process each round. */
export interface Case {
  readonly contender: ContenderName;
  /** The number of repositories that the events are spread over. */
  readonly repositories: number;
  /** Rows that the ledger has at the start. Default: none, and no ledger. */
  readonly rows?: number;
  /** The number of models of these rows. Default 3. */
  readonly models?: number;
  /** The number of labels of each event and of these rows. Default none. */
  readonly labels?: number;
}

/** How long a trial takes. */
export interface Pace {
  readonly warmUpMs: number;
  readonly durationMs: number;
}

export interface Target {
  readonly name: string;
  readonly value: number;
  /** Whether the value must be at most, or at least, the target. */
  readonly limit: number;
  readonly isUpperLimit: boolean;
}
