import mitt, { type Emitter, type EventType } from "mitt";
import { describe } from "../describe";
import { RunledgerError } from "../errors";
import { defaultLogger, harmless, type Logger } from "../logger";
import { CloseHooks } from "./close-hooks";
import { closeOnSignals } from "./close-on-signals";
import type { AppEvents } from "./events";
import type { CloseHook, Plugin, PluginArguments, PluginHost } from "./plugin";

/** The longest delay that a timer accepts, in milliseconds: about 24.8 days. */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

/** Options of {@link createApp}; all optional. */
export interface AppOptions<Events extends Record<EventType, unknown>> {
  /** An emitter that the application already has. Default: a new one. */
  readonly emitter?: Emitter<Events>;
  /** Default: pino, warnings and errors only, on stderr. */
  readonly logger?: Logger;
  /** How long `close` may take in total, in milliseconds. Default 10 000. */
  readonly closeTimeoutMs?: number;
}

/** A host: an event bus, its plugins, and a graceful shutdown. */
export interface App<Events extends Record<EventType, unknown> = AppEvents>
  extends PluginHost<Events>,
    AsyncDisposable {
  readonly emitter: Emitter<Events>;
  readonly logger: Logger;
  /**
   * Sets up the plugin immediately.
   *
   * @throws {RunledgerError} `DUPLICATE_PLUGIN`, `APP_CLOSED`, or whatever the plugin's `setup` throws; the listeners
   *   and hooks that it registered are then removed.
   */
  use<Options, Handle>(
    plugin: Plugin<Options, Handle, Events>,
    ...options: PluginArguments<Options>
  ): App<Events>;
  /**
   * The plugin's handle: what its `setup` returned.
   *
   * @throws {RunledgerError} `NOT_INSTALLED`
   */
  get<Options, Handle>(plugin: Plugin<Options, Handle, Events>): Handle;
  /**
   * Registers a hook to run at `close`; returns a function that removes it.
   *
   * @throws {RunledgerError} `APP_CLOSED`
   */
  readonly onClose: (hook: CloseHook) => () => void;
  /**
   * Runs all close hooks, one at a time, last in first out, within `timeoutMs` in total (default: the app's
   * `closeTimeoutMs`). Every call returns the same promise.
   *
   * @throws {AggregateError} after the last hook, if any of them failed or exceeded its share of the time.
   */
  close(options?: { readonly timeoutMs?: number }): Promise<void>;
  /**
   * Opt-in: closes on the first of these signals, then exits with 128 + its number; a second one exits immediately.
   * Default `["SIGTERM", "SIGINT"]`. Returns a function that removes the handlers.
   *
   * @throws {RunledgerError} `INVALID_ARGUMENT` for a name that is not a signal.
   */
  closeOnSignals(signals?: readonly NodeJS.Signals[]): () => void;
}

/**
 * Creates a host application.
 *
 * @throws {RunledgerError} `INVALID_OPTION`
 * @example
 * ```ts
 * const app = createApp().use(telemetryPlugin);
 * app.closeOnSignals();
 * app.emitter.emit("execution:completed", { repo, eventType, model, conclusion: "success", costUsd: 0.12 });
 * ```
 */
export function createApp<CustomEvents extends Record<EventType, unknown> = Record<never, never>>(
  options: AppOptions<AppEvents & CustomEvents> = {},
): App<AppEvents & CustomEvents> {
  type Events = AppEvents & CustomEvents;
  const { emitter = mitt<Events>(), logger = defaultLogger(), closeTimeoutMs = 10_000 } = options;
  assertTimeout("INVALID_OPTION", "closeTimeoutMs", closeTimeoutMs);

  const hooks = new CloseHooks();
  const installed = new Map<string, { plugin: object; handle: unknown }>();
  let closed: Promise<void> | undefined;

  const assertOpen = (action: string): void => {
    if (closed !== undefined) throw new RunledgerError("APP_CLOSED", `Can't ${action}: the app is closed.`);
  };

  const app: App<Events> = {
    emitter,
    logger,

    use(plugin, ...options) {
      assertOpen(`use plugin "${plugin.name}"`);
      if (installed.has(plugin.name)) {
        throw new RunledgerError("DUPLICATE_PLUGIN", `Plugin "${plugin.name}" is installed already.`);
      }
      const listenersBefore = snapshot(emitter.all);
      const hooksBefore = hooks.snapshot();
      try {
        installed.set(plugin.name, { plugin, handle: plugin.setup(app, ...options) });
      } catch (error) {
        restore(emitter.all, listenersBefore);
        hooks.restore(hooksBefore);
        throw error;
      }
      return app;
    },

    get<Options, Handle>(plugin: Plugin<Options, Handle, Events>): Handle {
      const entry = installed.get(plugin.name);
      if (entry?.plugin !== plugin) {
        throw new RunledgerError("NOT_INSTALLED", `Plugin "${plugin.name}" is not installed.`, {
          hint: "Call app.use(plugin) first, with this very plugin object.",
        });
      }
      return entry.handle as Handle;
    },

    onClose(hook) {
      assertOpen("register a close hook");
      return hooks.add(hook);
    },

    close({ timeoutMs = closeTimeoutMs } = {}) {
      assertTimeout("INVALID_ARGUMENT", "timeoutMs", timeoutMs);
      if (closed === undefined) {
        // Set before the first hook runs: a hook that calls `close` or `onClose` must see the app as closed.
        const { promise, resolve } = Promise.withResolvers<void>();
        closed = promise;
        resolve(hooks.run(timeoutMs, harmless(logger)));
      }
      return closed;
    },

    closeOnSignals(signals = ["SIGTERM", "SIGINT"]) {
      return closeOnSignals(() => app.close(), harmless(logger), signals);
    },

    [Symbol.asyncDispose]() {
      return app.close();
    },
  };
  return app;
}

function assertTimeout(code: "INVALID_OPTION" | "INVALID_ARGUMENT", name: string, value: unknown): void {
  if (typeof value !== "number" || !(value >= 0) || value > LONGEST_TIMEOUT_MS) {
    throw new RunledgerError(
      code,
      `${name}: expected milliseconds from 0 to ${LONGEST_TIMEOUT_MS}, received ${describe(value)}.`,
    );
  }
}

function snapshot(all: ReadonlyMap<unknown, readonly unknown[]>): Map<unknown, unknown[]> {
  return new Map(Array.from(all, ([type, handlers]) => [type, [...handlers]]));
}

function restore(all: Map<unknown, unknown[]>, before: ReadonlyMap<unknown, unknown[]>): void {
  all.clear();
  for (const [type, handlers] of before) all.set(type, handlers);
}
