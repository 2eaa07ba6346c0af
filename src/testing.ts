import mitt, { type Emitter, type EventType } from "mitt";
import type { AppEvents, ExecutionCompleted } from "./app/events";
import type { TelemetryStore, WriteResult } from "./ledger/types";
import type { Incident, TelemetryRecord } from "./record/types";

/** One event that a fake emitter emitted. */
export interface EmittedEvent<Events> {
  readonly type: keyof Events;
  readonly event: Events[keyof Events];
}

/** A mitt emitter that remembers what was emitted. */
export interface FakeEmitter<Events extends Record<EventType, unknown>> extends Emitter<Events> {
  /** Everything emitted so far, in order. */
  readonly emitted: readonly EmittedEvent<Events>[];
  /** The payloads emitted for one type so far, in order. */
  emittedOf<Type extends keyof Events>(type: Type): readonly Events[Type][];
  /** The handlers now subscribed to one type, in calling order. */
  handlersOf<Type extends keyof Events>(type: Type): readonly ((event: Events[Type]) => void)[];
}

/**
 * A real mitt emitter that remembers what was emitted: for tests of handlers, and of plugins without a host.
 *
 * @example
 * ```ts
 * const emitter = createFakeEmitter();
 * await handleReview({ emitter, executor }, delivery);
 * expect(emitter.emittedOf("execution:completed")).toHaveLength(1);
 * ```
 */
export function createFakeEmitter<
  CustomEvents extends Record<EventType, unknown> = Record<never, never>,
>(): FakeEmitter<AppEvents & CustomEvents> {
  return rememberingEmitter<AppEvents & CustomEvents>();
}

function rememberingEmitter<Events extends Record<EventType, unknown>>(): FakeEmitter<Events> {
  const emitter = mitt<Events>();
  const emitted: EmittedEvent<Events>[] = [];
  return {
    ...emitter,
    emitted,
    emit<Type extends keyof Events>(type: Type, event?: Events[Type]) {
      const payload = event as Events[Type];
      emitted.push({ type, event: payload });
      emitter.emit(type, payload);
    },
    emittedOf: <Type extends keyof Events>(type: Type) =>
      emitted.filter((entry) => entry.type === type).map((entry) => entry.event as Events[Type]),
    handlersOf: <Type extends keyof Events>(type: Type) => [
      ...((emitter.all.get(type) ?? []) as ((event: Events[Type]) => void)[]),
    ],
  };
}

/** What a fake store does with the next records: store them, throw, reject, or not answer until `release()`. */
export type FakeStoreMode = "succeed" | "throw" | "reject" | "stall";

/** A store in memory whose behaviour a test controls. */
export interface FakeStore extends TelemetryStore {
  /** May be changed at any time. */
  mode: FakeStoreMode;
  /** What `throw` and `reject` fail with. */
  error: Error;
  /** What was stored, in order. */
  readonly records: readonly TelemetryRecord[];
  readonly incidents: readonly Incident[];
  /** Names of the methods called, in order. */
  readonly calls: readonly (keyof TelemetryStore)[];
  /** Completes every stalled call and sets the mode to `succeed`. */
  release(): void;
}

/**
 * A store in memory, for tests of what happens when a ledger works, fails, or hangs.
 *
 * @example
 * ```ts
 * const store = createFakeStore({ mode: "throw" });
 * telemetryPlugin.setup({ emitter, onClose() {} }, { store });
 * expect(() => emitter.emit("execution:completed", executionCompleted())).not.toThrow();
 * ```
 */
export function createFakeStore(initial: { readonly mode?: FakeStoreMode } = {}): FakeStore {
  const records: TelemetryRecord[] = [];
  const incidents: Incident[] = [];
  const calls: (keyof TelemetryStore)[] = [];
  let stalled = Promise.withResolvers<void>();

  function respond<Result>(call: keyof TelemetryStore, action: () => Result): Result | Promise<Result> {
    calls.push(call);
    switch (store.mode) {
      case "succeed":
        return action();
      case "throw":
        throw store.error;
      case "reject":
        return Promise.reject(store.error);
      case "stall":
        return stalled.promise.then(action);
    }
  }

  const store: FakeStore = {
    mode: initial.mode ?? "succeed",
    error: new Error("the fake store was told to fail"),
    records,
    incidents,
    calls,
    record: (entry) =>
      respond("record", () => {
        records.push(entry);
      }),
    recordMany: (entries) =>
      respond("recordMany", (): WriteResult => {
        records.push(...entries);
        return { written: entries.length, duplicates: 0 };
      }),
    recordIncident: (incident) =>
      respond("recordIncident", () => {
        incidents.push(incident);
      }),
    purgeOlderThan: () => respond("purgeOlderThan", () => 0),
    checkpoint: () => respond("checkpoint", () => {}),
    close: () => respond("close", () => {}),
    release() {
      store.mode = "succeed";
      stalled.resolve();
      stalled = Promise.withResolvers<void>();
    },
  };
  return store;
}

/**
 * A valid `"execution:completed"` event, always the same except for the overrides.
 *
 * @example
 * ```ts
 * emitter.emit("execution:completed", executionCompleted({ conclusion: "failure", costUsd: 0 }));
 * ```
 */
export function executionCompleted(overrides: Partial<ExecutionCompleted> = {}): ExecutionCompleted {
  return {
    deliveryId: "00000000-0000-4000-8000-000000000001",
    repo: "octo-org/octo-repo",
    prNumber: 7,
    eventType: "pull_request.opened",
    // Models say themselves what they used.
    ...(overrides.models == null && {
      provider: "anthropic",
      model: "claude-sonnet-4-5",
      inputTokens: 1_200,
      outputTokens: 340,
      cacheReadTokens: 15_000,
      cacheCreationTokens: 900,
      costUsd: 0.0412,
    }),
    durationMs: 8_450,
    conclusion: "success",
    sessionId: "session-1",
    numTurns: 3,
    stopReason: "end_turn",
    ...overrides,
  } as ExecutionCompleted;
}
