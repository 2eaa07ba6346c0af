import * as z from "zod/mini";
import { RunledgerError } from "../../src/errors";
import { explain } from "../../src/validation";
import type { OtelPluginOptions } from "./options";

const SIGNALS = 'a list of "spans" and "metrics"';
const CONVENTIONS = '"1.41" or "latest"';
const NAME = "a non-empty string";
const FLAG = "true or false";
const VALUE = "a string, a finite number, true or false";
const ATTRIBUTES = "an object of attributes";

const optionsSchema = z.strictObject({
  signals: z.optional(z.array(z.enum(["spans", "metrics"], SIGNALS), SIGNALS).check(z.minLength(1, SIGNALS))),
  conventions: z.optional(z.enum(["1.41", "latest"], CONVENTIONS)),
  agentName: z.optional(z.string(NAME).check(z.minLength(1, NAME))),
  tokenCounters: z.optional(z.boolean(FLAG)),
  attributes: z.optional(
    z.record(z.string(), z.union([z.string(), z.number(), z.boolean()], VALUE), ATTRIBUTES),
  ),
} satisfies Record<keyof OtelPluginOptions, z.ZodMiniType>);

/** @throws {RunledgerError} `INVALID_OPTION`, naming each option that is unknown or wrong. */
export function checkOptions(options: OtelPluginOptions): OtelPluginOptions {
  const result = optionsSchema.safeParse(options, { reportInput: true });
  if (result.success) return result.data;
  throw new RunledgerError(
    "INVALID_OPTION",
    `otel plugin: ${explain(result.error, "an object of options")}.`,
    { hint: `The options are ${Object.keys(optionsSchema.shape).join(", ")}.` },
  );
}
