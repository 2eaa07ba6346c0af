import { EventEmitter } from "node:events";
import { type CloseHook, type PluginHost, telemetryPlugin } from "runledger";

const bus = new EventEmitter(); // your application's
const hooks: CloseHook[] = []; // what your application runs when it ends

const host: PluginHost = {
  emitter: {
    on: (type, handler) => bus.on(type, handler),
    off: (type, handler) => bus.off(type, handler),
  },
  onClose: (hook) => hooks.push(hook),
};
const telemetry = telemetryPlugin.setup(host, { dbPath: "./data/telemetry.db" });

bus.emit("execution:completed", { repo: "o/r", eventType: "push", model: "m", conclusion: "success" });
for (const hook of hooks) await hook();
console.log(telemetry.stats().written);
