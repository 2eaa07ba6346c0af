import type * as z from "zod/mini";
import { RunledgerError } from "../errors";
import { explain } from "../validation";

/**
 * Checks what a function was called with.
 *
 * @throws {RunledgerError} `INVALID_ARGUMENT`, naming each field that is wrong, what it must be and what it is.
 */
export function check<Schema extends z.ZodMiniType>(
  schema: Schema,
  value: unknown,
  name: string,
): z.output<Schema> {
  const result = schema.safeParse(value, { reportInput: true });
  if (result.success) return result.data;
  throw new RunledgerError("INVALID_ARGUMENT", `Invalid ${name}: ${explain(result.error, "an object")}.`);
}
