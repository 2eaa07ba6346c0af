import { describe, expect, test } from "bun:test";
import { fromOpenAiAgents } from "../../src/adapters";
import { context, MARKER, rowOf } from "../support/adapted-row";

describe("OpenAI Agents SDK", () => {
  // As version 0.20 has them.
  const usage = (inputTokens: number, read: number, written: number, outputTokens: number) => ({
    requests: 1,
    inputTokens,
    outputTokens,
    inputTokensDetails: [{ cached_tokens: read, cache_write_tokens: written }],
    outputTokensDetails: [{ reasoning_tokens: outputTokens }],
  });
  const response = (responseId: string, model: string | undefined, used: object) => ({
    responseId,
    usage: used,
    output: [{ type: "message", content: [{ type: "output_text", text: MARKER }] }],
    ...(model !== undefined && { providerData: { model, instructions: MARKER } }),
  });
  const ofRun = (inputTokens: number, outputTokens: number, details: readonly object[]) => ({
    usage: { requests: details.length, inputTokens, outputTokens, inputTokensDetails: details },
  });
  const first = response("resp_1", "gpt-5.1", usage(100, 60, 5, 10));
  const second = response("resp_2", "gpt-5.1", usage(200, 150, 0, 20));
  const details = [{ cached_tokens: 60, cache_write_tokens: 5 }, { cached_tokens: 150 }];
  const run = {
    state: ofRun(300, 30, details),
    rawResponses: [first, second],
    interruptions: [],
    finalOutput: MARKER,
  };

  test("a run is the sum of its responses", () => {
    expect(rowOf(fromOpenAiAgents(run, context))).toMatchObject({
      execution_id: "resp_1",
      model: "gpt-5.1",
      provider: "openai",
      conclusion: "success",
      num_turns: 2,
      input_tokens: 85,
      cache_read_tokens: 210,
      cache_creation_tokens: 5,
      output_tokens: 30,
    });
  });

  test("what agents used that are tools has no model but that of the context", () => {
    const nested = { ...run, state: ofRun(350, 37, [...details, { cached_tokens: 30 }]) };
    const { models, ...row } = rowOf(fromOpenAiAgents(nested, context));
    expect(row).toMatchObject({ input_tokens: 105, cache_read_tokens: 240, output_tokens: 37 });
    expect(models).toMatchObject([
      { model: "gpt-5.1", input_tokens: 85, output_tokens: 30 },
      { model: "unknown", input_tokens: 20, cache_read_tokens: 30, output_tokens: 7 },
    ]);
    expect(rowOf(fromOpenAiAgents(nested, { ...context, model: "gpt-5.1" }))).toMatchObject({
      model: "gpt-5.1",
      input_tokens: 105,
    });
  });

  test("a handoff to an agent with another model counts by model", () => {
    const other = response("resp_3", "gpt-5.1-mini", usage(40, 0, 0, 4));
    const handedOff = { ...run, state: ofRun(140, 14, []), rawResponses: [first, other] };
    expect(rowOf(fromOpenAiAgents(handedOff, context)).models).toMatchObject([
      { model: "gpt-5.1", input_tokens: 35 },
      { model: "gpt-5.1-mini", input_tokens: 40 },
    ]);
  });

  test("a run that waits for an approval, and its end, are one execution", () => {
    const waiting = fromOpenAiAgents({ ...run, interruptions: [{ rawItem: MARKER }] }, context);
    expect(rowOf(waiting).conclusion).toBe("interrupted");
    expect(waiting.executionId).toBe(fromOpenAiAgents(run, context).executionId);
  });

  test("an error with a state says what was used until then", () => {
    const state = { ...run.state, _modelResponses: run.rawResponses };
    const error = Object.assign(new Error(MARKER), { name: "MaxTurnsExceededError", state });
    const row = { conclusion: "error", stop_reason: "MaxTurnsExceededError", input_tokens: 85 };
    expect(rowOf(fromOpenAiAgents(error, context))).toMatchObject(row);
    expect(rowOf(fromOpenAiAgents({ ...run, error }, context))).toMatchObject(row);
  });

  test("a stream that was cancelled was aborted; no text of an error gets in by its name", () => {
    expect(fromOpenAiAgents({ ...run, cancelled: true }, context).conclusion).toBe("aborted");
    const named = { name: `an error: ${MARKER}`, state: { _modelResponses: [] } };
    expect(fromOpenAiAgents(named, context)).toMatchObject({ conclusion: "error", stopReason: undefined });
  });

  test("a run's usage that has less than its responses takes nothing from them", () => {
    const odd = { ...run, state: ofRun(400, 3, [{ cached_tokens: 4 }]) };
    expect(rowOf(fromOpenAiAgents(odd, context))).toMatchObject({ input_tokens: 85, output_tokens: 30 });
  });

  test("streamed responses name no model; those without usage, zeros", () => {
    const streamed = { ...run, rawResponses: [response("resp_1", undefined, usage(300, 210, 5, 30))] };
    const named = rowOf(fromOpenAiAgents(streamed, { ...context, model: "gpt-5.1" }));
    expect(named).toMatchObject({ model: "gpt-5.1", input_tokens: 85 });
    expect(named.models).toBeUndefined();
    const zeros = response("resp_1", "gpt-5.1", { inputTokens: 0, outputTokens: 0, inputTokensDetails: [] });
    const silent = { state: ofRun(0, 0, []), rawResponses: [zeros] };
    expect(rowOf(fromOpenAiAgents(silent, context)).usage_source).toBe("unknown");
  });
});
