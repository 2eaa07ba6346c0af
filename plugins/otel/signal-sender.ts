import type { Execution } from "./execution";

/** Sends one signal to the global provider. Either method may throw whatever the SDK throws. */
export interface SignalSender {
  /** Whether a provider is set; looks for one until there is. */
  isReady(): boolean;
  /** Called only if `isReady()`. */
  send(execution: Execution): void;
}
