import type * as z from "zod/mini";
import { describe } from "./describe";

/**
 * Explains validation issues in sentences: what was expected and what was received. The message of every check in our
 * schemas names what it expects, such as "a non-empty string".
 */
export function explain(error: z.core.$ZodError, whole: string): string {
  return error.issues.map((issue) => explainIssue(issue, whole)).join("; ");
}

function explainIssue(issue: z.core.$ZodIssue, whole: string): string {
  if (issue.code === "unrecognized_keys") return `${issue.keys.join(", ")}: unknown`;
  if (issue.path.length === 0) return `expected ${whole}, received ${describe(issue.input)}`;
  return `${issue.path.join(".")}: expected ${issue.message}, received ${describe(issue.input)}`;
}
