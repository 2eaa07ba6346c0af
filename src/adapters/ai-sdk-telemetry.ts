import { areLabels } from "../record/labels";
import type { TelemetryRecord } from "../record/types";
import { fromAiSdkResult } from "./ai-sdk-result";
import type { RecordingApp } from "./claude-stream";
import type { RunContext } from "./context";
import { countOf, type Fields, objectOf, textOf } from "./read";

/** The part used here of what `registerTelemetry` of the AI SDK 7 takes. */
export interface AiSdkTelemetry {
  onStart(event: unknown): void;
  onStepEnd(event: unknown): void;
  onEnd(event: unknown): void;
  onError(event: unknown): void;
  onAbort(event: unknown): void;
}

/** Operations that count as runs: those of language models, but not embeddings, for example. */
const RUNS = /^ai\.(?:generate|stream)(?:Text|Object)$/;
const MOST_CALLS = 10_000;

/** A call that has not ended yet. No text of a prompt or an answer is kept. */
interface Call {
  readonly startMs: number;
  readonly model: Fields;
  readonly context: RunContext;
  readonly steps: Fields[];
}

/**
 * Records every `generateText`, `streamText`, `generateObject` and agent call of an application that uses the Vercel AI
 * SDK 7. A call that fails or is aborted is recorded with the usage of the steps that had finished.
 *
 * @param context What the SDK doesn't know. `repo`, `eventType` and `prNumber` of a call's `runtimeContext` override
 *   it, and its `labels` are added, if `telemetry.includeRuntimeContext` lets them through.
 * @example
 * ```ts
 * registerTelemetry(aiSdkTelemetry(app, { repo: "octo-org/octo-repo", eventType: "chat" }));
 * ```
 */
export function aiSdkTelemetry(app: RecordingApp, context: RunContext): AiSdkTelemetry {
  const calls = new Map<string, Call>();

  function take(event: Fields): readonly [id: string, call: Call] | undefined {
    const id = textOf(event["callId"]) ?? "";
    const call = calls.get(id);
    calls.delete(id);
    return call && [id, call];
  }

  function emit(id: string, call: Call, ended: Fields, conclusion?: string): void {
    const { steps, startMs } = call;
    const result = { usage: {}, model: call.model, ...ended, steps };
    const record = fromAiSdkResult(result, { ...call.context, durationMs: performance.now() - startMs });
    app.emitter.emit("execution:completed", {
      ...record,
      executionId: id,
      ...(conclusion !== undefined && { conclusion }),
    } as TelemetryRecord);
  }

  const endWith = (conclusion: string) => (event: unknown) => {
    const taken = take(objectOf(event));
    if (taken !== undefined) emit(...taken, {}, conclusion);
  };

  return {
    onStart(event) {
      const { callId, operationId, provider, modelId, runtimeContext } = objectOf(event);
      const id = textOf(callId);
      if (id === undefined || !RUNS.test(textOf(operationId) ?? "")) return;
      const call = { startMs: performance.now(), model: { provider, modelId }, steps: [] };
      calls.set(id, { ...call, context: mergeContext(context, objectOf(runtimeContext)) });
      const [oldest] = calls.keys();
      if (calls.size > MOST_CALLS && oldest !== undefined) calls.delete(oldest);
    },
    onStepEnd(event) {
      const { callId, model, usage, providerMetadata, response } = objectOf(event);
      const { modelId } = objectOf(response);
      calls.get(textOf(callId) ?? "")?.steps.push({ model, usage, providerMetadata, response: { modelId } });
    },
    onEnd(event) {
      const fields = objectOf(event);
      const taken = take(fields);
      const { finishReason, usage, totalUsage, response } = fields;
      if (taken !== undefined) emit(...taken, { finishReason, usage, totalUsage, response });
    },
    onError: endWith("error"),
    onAbort: endWith("aborted"),
  };
}

function mergeContext(context: RunContext, { repo, eventType, prNumber, labels }: Fields): RunContext {
  return {
    ...context,
    repo: textOf(repo) ?? context.repo,
    eventType: textOf(eventType) ?? context.eventType,
    prNumber: countOf(prNumber) ?? context.prNumber,
    labels: areLabels(labels) ? { ...context.labels, ...labels } : context.labels,
  };
}
