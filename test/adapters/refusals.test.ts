import { expect, test } from "bun:test";
import {
  fromAiSdkResult,
  fromCodexTurn,
  fromGeminiResponse,
  fromLangChain,
  fromOpenAiAgents,
  fromOpenAiResponse,
} from "../../src/adapters";
import { context } from "../support/adapted-row";
import { thrownBy } from "../support/thrown-by";

test.each([
  [fromOpenAiResponse, "a response of OpenAI's API"],
  [fromLangChain, "an AIMessage of LangChain, or a state with messages"],
  [fromOpenAiAgents, "a result of the OpenAI Agents SDK, or an error of it that has a state"],
  [fromCodexTurn, "a turn of Codex, or its event turn.completed or turn.failed"],
  [fromGeminiResponse, "a response of Gemini's API"],
  [fromAiSdkResult, "a result of the AI SDK"],
])("what is no result is refused: %p", async (from, expected) => {
  for (const value of [{}, [], null, "text", { text: "x" }]) {
    const { code, message } = await thrownBy(() => from(value as object, context));
    expect(code).toBe("INVALID_RECORD");
    expect(message).toContain(`expected ${expected}, received`);
  }
});
