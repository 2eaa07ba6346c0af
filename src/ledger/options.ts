import * as z from "zod/mini";
import type { Logger } from "../logger";

// Options that the store and the plugin share. The message of each check names what it expects; `explain` builds
// the sentence.

const PATH = "the path of a file, without spaces around it, and no URL";
/** Whatever begins with `postgres:` is meant as a URL, even an incomplete one. */
const URL_SCHEME = /^(?:postgres(?:ql)?:|[a-z][a-z0-9+.-]*:\/\/)/i;

/** bun:sqlite trims paths: one with surrounding spaces would be one file to us and another to SQLite. */
export const dbPathOption = z
  .string(PATH)
  .check(z.refine((path) => path !== "" && path === path.trim() && !URL_SCHEME.test(path), PATH));

export const synchronousOption = z.enum(["NORMAL", "FULL"], '"NORMAL" or "FULL"');

export const loggerOption = having<Logger>("debug", "info", "warn", "error");

/** An object with these methods, of any class. */
export function having<Shape>(...methods: readonly (keyof Shape & string)[]): z.ZodMiniType<Shape> {
  return z.custom<Shape>(
    (value) =>
      typeof value === "object" &&
      value !== null &&
      methods.every((method) => typeof (value as Record<string, unknown>)[method] === "function"),
    `an object with the methods ${methods.join(", ")}`,
  );
}
