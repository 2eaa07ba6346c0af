import type { ContenderName } from "../contenders";

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
  /** How many labels each event has, and these rows. Default none. */
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
  /** The value reaches the target when it is at most, or at least, this. */
  readonly limit: number;
  readonly isUpperLimit: boolean;
}
