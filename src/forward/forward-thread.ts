import type { Logger } from "../logger";
import { parsePostgresUrl } from "../postgres/url";
import { workerScope } from "../worker";
import { ForwardTally } from "./forward-tally";
import { Forwarder } from "./forwarder";
import { loggedEvents } from "./logged-events";

// The entry of the forwarder's thread. The first message says how to start; later ones are requests.

/** The first message to the thread. */
export interface ForwardStart {
  readonly from: string;
  /** Includes the password: it is passed only from thread to thread. */
  readonly url: string;
  readonly schema: string;
  readonly ssl: boolean | object | undefined;
  /** Where the host found the package `pg`. */
  readonly driver: string | undefined;
  readonly batchSize: number;
  readonly intervalMs: number;
  readonly tally: SharedArrayBuffer;
}

/** A request to the thread; the answer has the same `id`. */
export type ToForwarder =
  | { readonly type: "flush"; readonly id: number }
  /** `timeoutMs`: how long it may continue to forward. */
  | { readonly type: "close"; readonly id: number; readonly timeoutMs: number };

export type FromForwarder =
  | { readonly type: "started" }
  | { readonly type: "open" }
  | { readonly type: "degraded"; readonly message: string }
  | {
      readonly type: "log";
      readonly level: keyof Logger;
      readonly bindings: object;
      readonly message: string;
    }
  | { readonly type: "reply"; readonly id: number };

const scope = workerScope<FromForwarder>();

scope.onmessage = ({ data }) => {
  scope.postMessage({ type: "started" });
  start(data as ForwardStart);
};

function start({ url, schema, tally, ...options }: ForwardStart): void {
  const counts = new ForwardTally(tally);
  const to = parsePostgresUrl(url, schema);
  const { flush, ...logged } = loggedEvents(postedLogger(), to.name);
  const forwarder = new Forwarder(
    { ...options, to },
    {
      ...logged,
      onOpen() {
        logged.onOpen();
        scope.postMessage({ type: "open" });
      },
      onDegraded(failure) {
        logged.onDegraded(failure);
        if (failure.kind !== "absent")
          scope.postMessage({ type: "degraded", message: failure.error.message });
      },
      onSent: (sent) => counts.add(sent),
      onBehind: (behind) => counts.setBehind(behind),
      // Somebody may fix it while the application keeps running.
      isFinal: () => false,
    },
  );
  const ended = forwarder.run();
  scope.onmessage = async ({ data }) => {
    const message = data as ToForwarder;
    if (message.type === "flush") {
      await forwarder.flush();
    } else {
      forwarder.drain(message.timeoutMs);
      await ended;
      flush();
    }
    scope.postMessage({ type: "reply", id: message.id });
  };
}

function postedLogger(): Logger {
  const at =
    (level: keyof Logger) =>
    (bindings: object, message: string): void =>
      scope.postMessage({ type: "log", level, bindings, message });
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}
