import { type Conventions, conventionsOf } from "./conventions";

/** What is sent. */
export type Signal = "spans" | "metrics";

/** Attributes that each span gets besides. */
export type SpanAttributes = Readonly<Record<string, string | number | boolean>>;

/** Options of the OpenTelemetry plugin; all optional. */
export interface OtelPluginOptions {
  /** What is sent. Default: both. */
  readonly signals?: readonly Signal[] | undefined;
  /**
   * Which names. Default `"1.41"`, and `"latest"` where the environment's `OTEL_SEMCONV_STABILITY_OPT_IN` lists
   * `gen_ai_latest_experimental`.
   */
  readonly conventions?: Conventions | undefined;
  /** The agent's name: `gen_ai.agent.name`, and part of each span's name. Default: none. */
  readonly agentName?: string | undefined;
  /**
   * Whether tokens are counted in `gen_ai.client.inference.usage.*` too. Only where no instrumented SDK in the process
   * counts them there already. Default `false`.
   */
  readonly tokenCounters?: boolean | undefined;
  /** Attributes that each span gets besides, such as `{ "deployment.environment.name": "staging" }`. Default: none. */
  readonly attributes?: SpanAttributes | undefined;
}

/** What became of the events so far: `received` is the sum of the five counts after it. */
export interface OtelStats {
  readonly received: number;
  /** Handed to the SDK. */
  readonly sent: number;
  /** Sent before, by their `executionId`. */
  readonly duplicates: number;
  /** Refused as invalid, as the ledger refuses them. */
  readonly rejected: number;
  /** The SDK or what it calls threw. */
  readonly failed: number;
  /** There was no provider to hand it to. */
  readonly withoutProvider: number;
  /** Events sent without a span, as they have no duration, or a time that OTLP has no number for. */
  readonly withoutSpan: number;
}

/** The plugin's handle: `app.get(otelPlugin)`. */
export interface Otel {
  stats(): OtelStats;
  /** Unsubscribes. It flushes nothing: what was sent is the SDK's. Calling it twice is harmless. */
  close(): void;
}

/**
 * Options with their defaults.
 *
 * @throws {RunledgerError} `INVALID_OPTION`, naming each option that is unknown or wrong.
 */
export function parseOptions(options: OtelPluginOptions | undefined) {
  const given = options === undefined ? {} : checked(options);
  return {
    signals: given.signals ?? ["spans", "metrics"],
    conventions: given.conventions ?? conventionsOf(process.env),
    agentName: given.agentName,
    tokenCounters: given.tokenCounters ?? false,
    attributes: given.attributes ?? {},
  } as const;
}

export type ParsedOptions = ReturnType<typeof parseOptions>;

/** Loaded only when there is something to check. */
function checked(options: OtelPluginOptions): OtelPluginOptions {
  const { checkOptions } = require("./check-options") as typeof import("./check-options");
  return checkOptions(options);
}
