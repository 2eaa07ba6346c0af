import { siblingsOf } from "../reload";
import {
  type ApplicationState,
  BUDGET,
  FORWARD,
  type RunningBudgets,
  type RunningForwarder,
  type RunningTelemetry,
  TELEMETRY,
} from "../running-plugins";

type PluginEmitter = Parameters<RunningTelemetry["isOn"]>[0];

/** Collects the plugins' state on the host's thread when somebody looks: just a few numbers. Never throws. */
export function applicationState(emitter: PluginEmitter): ApplicationState {
  const telemetry = siblingsOf<RunningTelemetry>(TELEMETRY).filter((plugin) => plugin.isOn(emitter));
  return {
    telemetry: toldBy(telemetry, (plugin) => [plugin.stats()]),
    forwarding: toldBy(siblingsOf<RunningForwarder>(FORWARD), (plugin) => [
      { target: plugin.target, ...plugin.stats() },
    ]),
    reserved: toldBy(siblingsOf<RunningBudgets>(BUDGET), (plugin) => plugin.reserved()),
  };
}

/** Returns nothing for a plugin that throws. */
function toldBy<Plugin, Told>(
  plugins: readonly Plugin[],
  tell: (plugin: Plugin) => readonly Told[],
): readonly Told[] {
  return plugins.flatMap((plugin) => {
    try {
      return tell(plugin);
    } catch {
      return [];
    }
  });
}
