import type { TelemetryRecord } from "../../src/telemetry/types";

/** One way to keep an event, behind the same bus. */
export interface Contender {
  /** Emits the event on the bus, to whose handler the contender has subscribed. */
  readonly emit: (event: TelemetryRecord) => void;
  /** Emitted and not stored yet. */
  queued(): number;
  /** Resolves when everything emitted is stored. */
  flush(): Promise<void>;
  /** Ends it; returns how many events were stored. */
  close(): Promise<number>;
}

/** Starts a contender whose files are in `folder`; a ledger may be there already, as {@link LEDGER_FILE}. */
export type StartContender = (folder: string) => Promise<Contender>;

export const LEDGER_FILE = "ledger.db";

/** Each in its own file, of which a trial loads only the one that it measures. */
export const CONTENDERS = {
  runledger: async () => (await import("./runledger")).startRunledger,
  earlier: async () => (await import("./earlier")).startEarlier,
  kysely: async () => (await import("./kysely")).startKysely,
  drizzle: async () => (await import("./drizzle")).startDrizzle,
  pino: async () => (await import("./pino")).startPino,
  otel: async () => (await import("./otel")).startOtel,
  raw: async () => (await import("./raw")).startRaw,
  floor: async () => (await import("./floor")).startFloor,
} as const satisfies Record<string, () => Promise<StartContender>>;

export type ContenderName = keyof typeof CONTENDERS;
