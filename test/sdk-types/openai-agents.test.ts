import { expect, test } from "bun:test";
import type {
  Agent,
  AgentOutputType,
  AgentsError,
  ModelResponse,
  RunResult,
  StreamedRunResult,
  Usage,
} from "@openai/agents";
import { fromOpenAiAgents } from "runledger/adapters";

const context = { repo: "o/r", eventType: "push" };

type AnyAgent = Agent<unknown, AgentOutputType>;
type Counts = Pick<Usage, "inputTokens" | "outputTokens" | "inputTokensDetails">;
type Result = {
  readonly state: { readonly usage: Counts };
  readonly rawResponses: readonly (Pick<ModelResponse, "responseId" | "providerData"> & {
    readonly usage: Counts;
  })[];
} & Pick<RunResult<unknown, AnyAgent>, "interruptions">;

const usage: Counts = {
  inputTokens: 1_000,
  outputTokens: 50,
  inputTokensDetails: [{ cached_tokens: 600, cache_write_tokens: 100 }],
};
const result: Result = {
  state: { usage },
  rawResponses: [{ responseId: "resp_1", providerData: { model: "gpt-5.1" }, usage }],
  interruptions: [],
};
const used = {
  ...context,
  model: "gpt-5.1",
  inputTokens: 300,
  cacheReadTokens: 600,
  cacheCreationTokens: 100,
  outputTokens: 50,
};

/** Never called: that the compiler takes it is the test. */
export const fields = (
  run: RunResult<unknown, AnyAgent>,
  stream: StreamedRunResult<unknown, AnyAgent>,
  thrown: AgentsError,
) => ({
  usage: run.state.usage satisfies Counts,
  responses: run.rawResponses satisfies ModelResponse[],
  ofError: thrown.state?._modelResponses satisfies ModelResponse[] | undefined,
  cancelled: stream.cancelled satisfies boolean,
  error: stream.error satisfies unknown,
});

test("every field of a result is found", () => {
  expect(fromOpenAiAgents(result, context)).toEqual({
    ...used,
    provider: undefined,
    conclusion: "success",
    executionId: "resp_1",
    numTurns: 1,
  });
});

test("an error that has a state tells what was used before it", () => {
  const thrown = { name: "MaxTurnsExceededError", state: { usage, _modelResponses: result.rawResponses } };
  expect(fromOpenAiAgents(thrown, context)).toMatchObject({ ...used, conclusion: "error" });
});
