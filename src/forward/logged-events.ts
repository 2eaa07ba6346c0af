import { FailureLog } from "../failure-log";
import type { Logger } from "../logger";
import type { ForwarderEvents } from "./forwarder";

type LoggedEvents = Pick<ForwarderEvents, "onOpen" | "onDegraded" | "onRejected" | "onNotice">;

/** Logs a forwarder's events, one line per change of state, never with the password. */
export function loggedEvents(logger: Logger, target: string): LoggedEvents & { readonly flush: () => void } {
  const rejections = new FailureLog(
    logger,
    "warn",
    "executions were refused by the target; each is an incident there",
  );
  let isDegraded = false;
  return {
    onOpen() {
      if (isDegraded) logger.warn({ target }, "executions are forwarded again");
      isDegraded = false;
    },
    onDegraded({ kind, error: { code, message } }) {
      if (kind === "absent") {
        logger.info({ target }, `there is no ledger to forward yet: ${message}`);
        return;
      }
      isDegraded = true;
      const kept =
        "executions can't be forwarded; forwarding is retried, and they stay in the ledger if the target was ever reached";
      logger.error({ target, code }, `${kept}: ${message}`);
    },
    onNotice: (message) => logger.warn({ target }, message),
    onRejected: (reason, executions) => rejections.add({ target, reason }, executions),
    flush: () => rejections.flush(),
  };
}
