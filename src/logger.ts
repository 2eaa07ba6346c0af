/** What Runledger needs from a logger: pino's four methods. A pino instance will do, and so will `console`. */
export interface Logger {
  debug(bindings: object, message: string): void;
  info(bindings: object, message: string): void;
  warn(bindings: object, message: string): void;
  error(bindings: object, message: string): void;
}

/** The logger used when none is given: pino, warnings and errors only, JSON lines on stderr. */
export function defaultLogger(): Logger {
  return pinoOnUse;
}

const pinoOnUse: Logger = {
  debug() {},
  info() {},
  warn: (bindings, message) => pinoLogger().warn(bindings, message),
  error: (bindings, message) => pinoLogger().error(bindings, message),
};

let instance: Logger | undefined;

/** Loaded for the first log line, which most processes never write. */
function pinoLogger(): Logger {
  const pino = require("pino") as typeof import("pino");
  instance ??= pino({ name: "runledger", level: "warn" }, pino.destination({ dest: 2, sync: true }));
  return instance;
}

/** Wraps a logger that might throw: a broken logger must not break what it reports on. */
export function harmless(logger: Logger): Logger {
  const guard =
    (level: keyof Logger) =>
    (bindings: object, message: string): void => {
      try {
        const logged: unknown = logger[level](bindings, message);
        // An async method is assignable to one that returns nothing, so its rejection has to be handled.
        if (logged instanceof Promise) logged.catch(() => {});
      } catch {
        // There is nowhere left to report it.
      }
    };
  return { debug: guard("debug"), info: guard("info"), warn: guard("warn"), error: guard("error") };
}
