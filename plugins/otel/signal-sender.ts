import type { Execution } from "./execution";

/** Sends one signal to the global provider. Either method may throw whatever the SDK throws. */
export interface SignalSender {
  /** Whether there is a provider; looks for it until there is. */
  isReady(): boolean;
  /** Called only when it is ready. */
  send(execution: Execution): void;
}
