import type { Attributes, Tracer } from "@opentelemetry/api";
import { type Api, globalTracer } from "./api";
import { ERROR_TYPE, GEN_AI, INVOKE_AGENT, PROFILES, type Profile, RUNLEDGER } from "./conventions";
import { type Execution, inclusiveInput } from "./execution";
import type { ParsedOptions } from "./options";
import type { SignalSender } from "./signal-sender";

/** OTLP's times are nanoseconds since 1970, and many readers use a signed 64-bit integer, which ends in 2262. */
const LATEST_SPAN_MS = Number(2n ** 63n / 1_000_000n);

/** Sends a span for each run: a child of the currently active span, or a root span. */
export class Spans implements SignalSender {
  readonly #api: Api;
  readonly #profile: Profile;
  readonly #name: string;
  readonly #constant: Attributes;
  #tracer: Tracer | undefined;
  #omitted = 0;

  constructor(api: Api, { conventions, agentName, attributes }: ParsedOptions) {
    this.#api = api;
    this.#profile = PROFILES[conventions];
    this.#name = agentName === undefined ? INVOKE_AGENT : `${INVOKE_AGENT} ${agentName}`;
    this.#constant = {
      ...attributes,
      [GEN_AI.operation]: INVOKE_AGENT,
      ...(agentName !== undefined && { [GEN_AI.agent]: agentName }),
    };
  }

  /** The number of runs without a span, because of their times. */
  get omitted(): number {
    return this.#omitted;
  }

  isReady(): boolean {
    this.#tracer ??= globalTracer(this.#api, this.#profile.tracerOptions);
    return this.#tracer !== undefined;
  }

  send(execution: Execution): void {
    const { completedMs, durationMs = Number.NaN, errorType } = execution;
    const startMs = completedMs - durationMs;
    // An exporter that fails on one span may lose the host's own spans with it.
    if (!(startMs >= 0 && completedMs < LATEST_SPAN_MS)) {
      this.#omitted += 1;
      return;
    }
    // Some SDKs would take a number for a `performance.now()` value.
    const span = this.#tracer?.startSpan(this.#name, {
      kind: this.#api.SpanKind.INTERNAL,
      startTime: new Date(startMs),
      attributes: this.#attributesOf(execution),
    });
    if (errorType !== undefined) span?.setStatus({ code: this.#api.SpanStatusCode.ERROR });
    span?.end(new Date(completedMs));
  }

  /** All attributes are set at the start, so that samplers see them. Unknown ones are left out. */
  #attributesOf({ record, provider, conclusion, errorType }: Execution): Attributes {
    const profile = this.#profile;
    const attributes: Attributes = { ...this.#constant };
    const add = (name: string | undefined, value: string | number | null | undefined) => {
      if (name === undefined || value == null) return;
      attributes[name] = typeof value === "string" ? value.toWellFormed() : value;
    };
    add(GEN_AI.model, record.model);
    add(profile.provider, provider);
    add(ERROR_TYPE, errorType);
    add(GEN_AI.conversation, record.sessionId);
    if (record.stopReason != null) attributes[GEN_AI.finishReasons] = [record.stopReason.toWellFormed()];
    // If some models' usage is unknown, the sum is not what the run used.
    if (record.isUsagePartial !== true) {
      add(GEN_AI.inputTokens, inclusiveInput(record));
      add(GEN_AI.outputTokens, record.outputTokens);
      add(profile.cacheReadTokens, record.cacheReadTokens);
      add(profile.cacheCreationTokens, record.cacheCreationTokens);
    }
    if (record.costUsd != null && record.isCostPartial !== true) {
      add(RUNLEDGER.costAmount, record.costUsd);
      add(RUNLEDGER.costCurrency, "USD");
      add(RUNLEDGER.costSource, record.costSource ?? "reported");
    }
    add(RUNLEDGER.conclusion, conclusion);
    add(RUNLEDGER.executionId, record.executionId);
    add(RUNLEDGER.turns, record.numTurns);
    add(RUNLEDGER.repo, record.repo);
    add(RUNLEDGER.pullRequest, record.prNumber);
    add(RUNLEDGER.delivery, record.deliveryId);
    add(RUNLEDGER.eventType, record.eventType);
    return attributes;
  }
}
