import type { Finding } from "./finding";

/** What `runledger doctor --json` prints. */
export interface HealthReport {
  readonly schema: "runledger.doctor/1";
  readonly ledger: string;
  /** Whether no finding is a problem. */
  readonly ok: boolean;
  readonly findings: readonly Finding[];
}

/** The findings on a ledger, and whether it is healthy. */
export function healthReport(ledger: string, findings: readonly Finding[]): HealthReport {
  const ok = findings.every(({ level }) => level !== "problem");
  return { schema: "runledger.doctor/1", ledger, ok, findings };
}
