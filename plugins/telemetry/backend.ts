import type { Logger } from "../../src/logger";
import type { Write } from "../../src/telemetry/direct-recorder";
import type { Synchronous } from "../../src/telemetry/open";
import { createTelemetryStore } from "../../src/telemetry/store";
import type { RecordingStore, WriteResult } from "../../src/telemetry/types";

/** Where the plugin writes, and how it ends: the two differ between a store of its own and an injected one. */
export interface Backend {
  readonly store: RecordingStore;
  readonly write: Write;
  readonly close: () => unknown;
}

/** @throws {RunledgerError} `OPEN_FAILED`, `SCHEMA_TOO_NEW` */
export function openBackend(dbPath: string, synchronous: Synchronous | undefined, logger: Logger): Backend {
  const store = createTelemetryStore({ dbPath, synchronous, logger });
  return {
    store,
    write: (entry) => store.recordMany([entry]),
    close: () => store.close(),
  };
}

/** What somebody else opened is somebody else's to close. */
export function injectedBackend(store: RecordingStore): Backend {
  const oneRow: WriteResult = { written: 1, duplicates: 0 };
  return {
    store,
    write: (entry) => {
      const answer: unknown = store.record(entry);
      // Whatever a foreign store answers, that it does is all we take from it.
      return isThenable(answer) ? Promise.resolve(answer).then(() => oneRow) : oneRow;
    },
    close: () => store.checkpoint(),
  };
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}
