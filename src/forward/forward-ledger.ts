import { defaultLogger, harmless, type Logger } from "../logger";
import { type ForwardReport, ForwardTally } from "./forward-tally";
import { Forwarder, type ForwardFailure } from "./forwarder";
import { loggedEvents } from "./logged-events";
import { type ForwardOptions, type ForwardPluginOptions, parseForwardOptions } from "./options";

/** Optional hooks of a run. */
export interface ForwardProgress {
  /** Called after each batch with what was forwarded so far and what is left. */
  readonly onProgress?: ((report: ForwardReport) => void) | undefined;
  /** Stops it after the current batch. */
  readonly signal?: AbortSignal | undefined;
  /** Default: pino, warnings and errors only, on stderr. */
  readonly logger?: Logger | undefined;
}

/** How to forward a ledger once. */
export interface ForwardOnceOptions extends ForwardOptions, ForwardProgress {}

/**
 * Forwards everything in a ledger, then returns. If the target goes down meanwhile, waits for it.
 *
 * @throws {RunledgerError} `INVALID_OPTION`, `MISSING_PACKAGE`, `LEDGER_NOT_FOUND`, `OPEN_FAILED`, `SCHEMA_TOO_NEW`,
 *   `FORWARD_FAILED`
 * @example
 * ```ts
 * const { forwarded } = await forwardOnce({ from: "./data/telemetry.db", to: "postgres://bot@db/runledger" });
 * ```
 */
export function forwardOnce(options: ForwardOnceOptions): Promise<ForwardReport> {
  return forwardLedger(options, true);
}

/**
 * Forwards a ledger on this thread, `once` or until `signal` aborts. With `once`, throws whatever waiting may not fix;
 * otherwise only what a person must fix, and only until forwarding has worked.
 */
export async function forwardLedger(
  { onProgress, signal, ...options }: ForwardPluginOptions & ForwardProgress,
  once: boolean,
): Promise<ForwardReport> {
  const parsed = parseForwardOptions(options);
  const { flush, ...logged } = loggedEvents(harmless(parsed.logger ?? defaultLogger()), parsed.to.name);
  const tally = new ForwardTally();
  const forwarder = new Forwarder(parsed, {
    ...logged,
    onSent: (sent) => tally.add(sent),
    onBehind(behind) {
      tally.setBehind(behind);
      onProgress?.(tally.report);
    },
    isFinal: once ? endsOnce : endsFollowing,
  });
  const stop = (): void => forwarder.stop();
  if (signal?.aborted === true) stop();
  signal?.addEventListener("abort", stop);
  try {
    await forwarder.run({ once });
  } finally {
    signal?.removeEventListener("abort", stop);
    flush();
  }
  return tally.report;
}

/** Somebody started this run, and can fix the cause and try again. */
function endsOnce({ kind, hasWorked }: ForwardFailure): boolean {
  return !(kind === "conflict" || (kind === "passing" && hasWorked));
}

/** Waits for what has worked before, and for what may still appear: a ledger, or a server that is starting. */
function endsFollowing({ kind, hasWorked }: ForwardFailure): boolean {
  return !hasWorked && (kind === "lasting" || kind === "row");
}
