import type { Logger } from "../../src/logger";

/** One call of a recording logger. */
export interface LogLine {
  readonly level: keyof Logger;
  readonly bindings: object;
  readonly message: string;
}

/** A logger that keeps its lines, in order, and prints nothing. */
export function recordingLogger(): Logger & { readonly lines: readonly LogLine[] } {
  const lines: LogLine[] = [];
  const at =
    (level: keyof Logger) =>
    (bindings: object, message: string): void => {
      lines.push({ level, bindings, message });
    };
  return { lines, debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}
