import { type Conventions, conventionsOf } from "./conventions";

/** A kind of telemetry to send. */
export type Signal = "spans" | "metrics";

/** Extra attributes for each span. */
export type SpanAttributes = Readonly<Record<string, string | number | boolean>>;

/** Options of the OpenTelemetry plugin; all optional. */
export interface OtelPluginOptions {
  /** What is sent. Default: both. */
  readonly signals?: readonly Signal[] | undefined;
  /**
   * Which names. Default `"1.41"`, or `"latest"` if the environment's `OTEL_SEMCONV_STABILITY_OPT_IN` lists
   * `gen_ai_latest_experimental`.
   */
  readonly conventions?: Conventions | undefined;
  /** The agent's name: `gen_ai.agent.name`, and part of each span's name. Default: none. */
  readonly agentName?: string | undefined;
  /**
   * Whether tokens are also counted in `gen_ai.client.inference.usage.*`. Leave it out if an instrumented SDK in the
   * process already counts them there. Default `false`.
   */
  readonly tokenCounters?: boolean | undefined;
  /** Extra attributes for each span, such as `{ "deployment.environment.name": "staging" }`. Default: none. */
  readonly attributes?: SpanAttributes | undefined;
}

/** What became of the events so far: `received` is the sum of the five counts after it. */
export interface OtelStats {
  readonly received: number;
  /** Handed to the SDK. */
  readonly sent: number;
  /** Not sent again, because their `executionId` was sent before. */
  readonly duplicates: number;
  /** Refused as invalid, as the ledger would refuse them. */
  readonly rejected: number;
  /** The SDK, or something it calls, threw. */
  readonly failed: number;
  /** Not sent, because no provider was set. */
  readonly withoutProvider: number;
  /** Events sent without a span, because they have no duration, or a time that OTLP can't represent. */
  readonly withoutSpan: number;
}

/** The plugin's handle: `app.get(otelPlugin)`. */
export interface Otel {
  stats(): OtelStats;
  /** Unsubscribes. It flushes nothing, because that is up to the SDK. Calling it twice is harmless. */
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
