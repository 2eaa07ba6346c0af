import { describe } from "../describe";
import { RunledgerError } from "../errors";
import type { Logger } from "../logger";
import type { AppEvents } from "./events";

/**
 * The part of an event emitter that a plugin may use. mitt has it; Node's `EventEmitter` needs a three-line adapter.
 */
export interface PluginEmitter<Events = AppEvents> {
  on<Type extends keyof Events>(type: Type, handler: (event: Events[Type]) => void): unknown;
  off<Type extends keyof Events>(type: Type, handler: (event: Events[Type]) => void): unknown;
}

/** The argument of a close hook. */
export interface CloseContext {
  /** How long the host waits for this hook, in milliseconds. */
  readonly timeoutMs: number;
}

/** Runs when the host closes. A returned promise is awaited. A host without a time limit passes no argument. */
export type CloseHook = (context?: CloseContext) => unknown;

/** What a plugin needs from a host. An `App` is one; any application with a mitt-like emitter can be one. */
export interface PluginHost<Events = AppEvents> {
  readonly emitter: PluginEmitter<Events>;
  /** Registers a hook to run when the host closes. */
  readonly onClose: (hook: CloseHook) => unknown;
  readonly logger?: Logger | undefined;
}

/** The options argument of a plugin: optional unless the plugin requires options. */
export type PluginArguments<Options> = undefined extends Options ? [options?: Options] : [options: Options];

/** A named part of an application, made by {@link definePlugin} and registered by `app.use`. */
export interface Plugin<Options, Handle, Events = AppEvents> {
  readonly name: string;
  /**
   * Called once, at `app.use`. `app.get(plugin)` returns its result. If it throws, the app removes the listeners and
   * hooks that it registered; the plugin must release whatever else it opened.
   */
  readonly setup: (host: PluginHost<Events>, ...options: PluginArguments<Options>) => Handle;
}

/**
 * Makes a plugin, typed from its `setup`: options are required only if `setup` requires them.
 *
 * @throws {RunledgerError} `INVALID_ARGUMENT` if the name is empty or `setup` is not a function.
 * @example
 * ```ts
 * const costAlarm = definePlugin({
 *   name: "cost-alarm",
 *   setup(host, options: { aboveUsd: number }) {
 *     host.emitter.on("execution:completed", (run) => {
 *       if ((run.costUsd ?? 0) > options.aboveUsd) host.logger?.warn({ run }, "an expensive run");
 *     });
 *   },
 * });
 * app.use(costAlarm, { aboveUsd: 5 });
 * ```
 */
export function definePlugin<
  Handle,
  Arguments extends [options?: unknown] = [],
  Events = AppEvents,
>(definition: {
  readonly name: string;
  readonly setup: (host: PluginHost<Events>, ...options: Arguments) => Handle;
}): Plugin<Arguments[0], Handle, Events> {
  const { name, setup } = definition;
  if (typeof name !== "string" || name === "") {
    throw new RunledgerError(
      "INVALID_ARGUMENT",
      `A plugin's name must be a non-empty string, received ${describe(name)}.`,
    );
  }
  if (typeof setup !== "function") {
    throw new RunledgerError(
      "INVALID_ARGUMENT",
      `The setup of plugin "${name}" must be a function, received ${describe(setup)}.`,
    );
  }
  return Object.freeze<Plugin<Arguments[0], Handle, Events>>({
    name,
    // The two tuples are the same to a caller, but the compiler can't see that while they are type parameters.
    setup: (host, ...options) => setup(host, ...(options as unknown as Arguments)),
  });
}
