/** The conclusions of executions that did not fail. */
export const SUCCESSFUL_CONCLUSIONS = ["success", "neutral", "skipped"] as const;

/** Whether a conclusion is a failure: anything other than `success`, `neutral` or `skipped`. */
export function isFailure(conclusion: string): boolean {
  return !(SUCCESSFUL_CONCLUSIONS as readonly string[]).includes(conclusion);
}
