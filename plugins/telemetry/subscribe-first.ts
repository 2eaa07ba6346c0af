import type { PluginEmitter } from "../../src/app/plugin";

/**
 * Subscribes ahead of existing handlers if the emitter exposes them, as mitt does in `all`: mitt stops at the first
 * handler that throws, and those after it never see the event. Returns a function that unsubscribes.
 */
export function subscribeFirst<Events, Type extends keyof Events>(
  emitter: PluginEmitter<Events>,
  type: Type,
  handler: (event: Events[Type]) => void,
): () => void {
  emitter.on(type, handler);
  const handlers = "all" in emitter && emitter.all instanceof Map ? emitter.all.get(type) : undefined;
  if (Array.isArray(handlers) && handlers.at(-1) === handler) handlers.unshift(handlers.pop());
  return () => emitter.off(type, handler);
}
