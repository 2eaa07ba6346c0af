import { RunledgerError } from "../../src/errors";

/** The RunledgerError that an action throws or rejects with; anything else fails the test. */
export async function thrownBy(action: () => unknown): Promise<RunledgerError> {
  try {
    await action();
  } catch (error) {
    if (error instanceof RunledgerError) return error;
    throw error;
  }
  throw new Error("Expected a RunledgerError, nothing was thrown.");
}
