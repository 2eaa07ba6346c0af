import { failureOf } from "../failure";
import type { Ledger } from "../report/database/ledger";

/** What one check found. */
export interface Finding {
  readonly check: string;
  /** `note`: good to know; `problem`: something is wrong. */
  readonly level: "ok" | "note" | "problem";
  readonly message: string;
  /** What to do about it. */
  readonly remedy?: string | undefined;
}

/** The ledger to check. */
export interface Patient {
  readonly dbPath: string;
  /** `dbPath`, quoted for a remedy that is copied into a shell. */
  readonly dbWord: string;
  readonly ledger: Ledger;
}

/** A check of an open ledger: its name, and what it finds. */
export interface Check {
  readonly name: string;
  /** Whether it reads everything, which takes long on a large ledger. */
  readonly isLong?: boolean;
  readonly run: (patient: Patient) => Promise<Omit<Finding, "check">>;
}

/** Turns the error of a check that failed to run into a finding. */
export function toFinding(check: string): (thrown: unknown) => Finding {
  return (thrown) => {
    const { code, message, hint } = failureOf(thrown);
    if (code === "LEDGER_NOT_FOUND") throw thrown;
    return { check, level: "problem", message, remedy: hint };
  };
}
