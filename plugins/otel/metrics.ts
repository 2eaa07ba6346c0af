import type { Attributes, Counter, Histogram, Meter } from "@opentelemetry/api";
import { TOKENS, type UsedModel } from "../../src/record/models";
import { type Api, globalMeter } from "./api";
import {
  ERROR_TYPE,
  GEN_AI,
  INFERENCE_USAGE,
  INVOKE_AGENT,
  INVOKE_AGENT_DURATION,
  INVOKE_AGENT_INFERENCE_CALLS,
  OTHER_ERROR,
  RUNLEDGER,
  TOKEN_MODALITY,
  UNKNOWN_MODALITY,
} from "./conventions";
import { type Execution, inclusiveInput } from "./execution";
import { LimitedNames } from "./limited-names";
import type { ParsedOptions } from "./options";
import type { SignalSender } from "./signal-sender";

const MOST_MODELS = 100;
const MOST_PROVIDERS = 20;
const MOST_CONCLUSIONS = 20;
const OTHER = "_other";

const TOKEN_CLASSES = {
  inputTokens: "input",
  outputTokens: "output",
  cacheReadTokens: "cache_read",
  cacheCreationTokens: "cache_creation",
} as const satisfies Record<(typeof TOKENS)[number], string>;

type Instruments = ReturnType<typeof instrumentsOf>;
type UsageCounters = ReturnType<typeof usageCountersOf>;

/**
 * Adds each run to the metrics that hold for a whole run. Their attributes are few and bounded: provider, model, agent,
 * and how the run ended.
 */
export class Metrics implements SignalSender {
  readonly #api: Api;
  readonly #onMeter: (meter: Meter) => void;
  readonly #agent: Attributes;
  readonly #countsTokens: boolean;
  readonly #models = new LimitedNames(MOST_MODELS, OTHER);
  readonly #providers = new LimitedNames(MOST_PROVIDERS, OTHER);
  readonly #conclusions = new LimitedNames(MOST_CONCLUSIONS, OTHER_ERROR);
  #instruments: Instruments | undefined;
  #usageCounters: UsageCounters | undefined;

  /** @param onMeter Called once, when a provider is set. */
  constructor(api: Api, { agentName, tokenCounters }: ParsedOptions, onMeter: (meter: Meter) => void) {
    this.#api = api;
    this.#onMeter = onMeter;
    this.#agent = agentName === undefined ? {} : { [GEN_AI.agent]: agentName };
    this.#countsTokens = tokenCounters;
  }

  isReady(): boolean {
    if (this.#instruments !== undefined) return true;
    const meter = globalMeter(this.#api);
    if (meter === undefined) return false;
    if (this.#countsTokens) this.#usageCounters = usageCountersOf(meter);
    this.#instruments = instrumentsOf(meter);
    this.#onMeter(meter);
    return true;
  }

  send(execution: Execution): void {
    if (this.#instruments === undefined) return;
    const { duration, inferenceCalls, count } = this.#instruments;
    const { record, provider, durationMs, used } = execution;
    const conclusion = this.#conclusions.limit(execution.conclusion);
    const main = this.#attributesOf(record.model, provider);
    const ofConventions = execution.errorType === undefined ? main : { ...main, [ERROR_TYPE]: conclusion };
    if (durationMs !== undefined) duration.record(durationMs / 1_000, ofConventions);
    if (record.numTurns != null) inferenceCalls.record(record.numTurns, ofConventions);
    count.add(1, { ...main, [RUNLEDGER.conclusion]: conclusion });
    for (const usage of used) this.#addUsage(usage, conclusion);
  }

  /** Tokens and cost count under the model that used them, as they do in the ledger. */
  #addUsage(usage: UsedModel, conclusion: string): void {
    const { cost, tokens } = this.#instruments ?? {};
    const model = this.#attributesOf(usage.model, usage.provider);
    const attributes = { ...model, [RUNLEDGER.conclusion]: conclusion };
    if (usage.costUsd !== undefined)
      cost?.add(usage.costUsd, { ...attributes, [RUNLEDGER.costSource]: usage.costSource });
    for (const kind of TOKENS) {
      const used = usage[kind];
      if (used !== undefined)
        tokens?.add(used, { ...attributes, [RUNLEDGER.tokenClass]: TOKEN_CLASSES[kind] });
    }
    if (this.#usageCounters !== undefined) addInference(this.#usageCounters, usage, model);
  }

  #attributesOf(model: string, provider: string): Attributes {
    return {
      [GEN_AI.provider]: this.#providers.limit(provider.toWellFormed()),
      [GEN_AI.model]: this.#models.limit(model.toWellFormed()),
      ...this.#agent,
    };
  }
}

function addInference(counters: UsageCounters, usage: UsedModel, model: Attributes): void {
  const attributes = { ...model, [GEN_AI.operation]: INVOKE_AGENT, [TOKEN_MODALITY]: UNKNOWN_MODALITY };
  const add = (counter: Counter, used: number | undefined) => {
    if (used !== undefined) counter.add(used, attributes);
  };
  add(counters.input, inclusiveInput(usage));
  add(counters.output, usage.outputTokens);
  add(counters.cacheRead, usage.cacheReadTokens);
  add(counters.cacheWrite, usage.cacheCreationTokens);
}

function instrumentsOf(meter: Meter) {
  return {
    duration: histogram(meter, INVOKE_AGENT_DURATION),
    inferenceCalls: histogram(meter, INVOKE_AGENT_INFERENCE_CALLS),
    cost: meter.createCounter("runledger.execution.cost", {
      unit: "{USD}",
      description: "What runs cost, in US dollars.",
    }),
    count: meter.createCounter("runledger.execution.count", {
      unit: "{execution}",
      description: "Runs by how they ended.",
    }),
    tokens: meter.createCounter("runledger.execution.tokens", {
      unit: "{token}",
      description: "Tokens that runs used, by class: input is without what the cache gave and took.",
    }),
  };
}

function usageCountersOf(meter: Meter) {
  const counter = (name: string, description: string): Counter =>
    meter.createCounter(name, { unit: "{token}", description });
  return {
    input: counter(INFERENCE_USAGE.input, "Input tokens, cached ones included."),
    output: counter(INFERENCE_USAGE.output, "Output tokens."),
    cacheRead: counter(INFERENCE_USAGE.cacheRead, "Input tokens read from a cache."),
    cacheWrite: counter(INFERENCE_USAGE.cacheWrite, "Input tokens written to a cache."),
  };
}

function histogram(
  meter: Meter,
  { name, unit, description, boundaries }: typeof INVOKE_AGENT_DURATION | typeof INVOKE_AGENT_INFERENCE_CALLS,
): Histogram {
  const advice = { explicitBucketBoundaries: [...boundaries] };
  return meter.createHistogram(name, { unit, description, advice });
}
