export type { ModelPrice } from "../prices/own-prices";
export {
  openPriceList,
  type PricedUsage,
  type PriceList,
  type PriceListOptions,
} from "../prices/price-list";
export { fromAiSdkResult } from "./ai-sdk-result";
export { type AiSdkTelemetry, aiSdkTelemetry } from "./ai-sdk-telemetry";
export {
  type ClaudeResult,
  type ClaudeResultOptions,
  fromClaudeResult,
  isClaudeResult,
} from "./claude-result";
export { type RecordClaudeOptions, type RecordingApp, recordClaude } from "./claude-stream";
export { type CodexTurnOptions, fromCodexTurn } from "./codex-turn";
export type { RunContext } from "./context";
export { fromGeminiResponse } from "./gemini-response";
export { fromLangChain } from "./langchain";
export { fromOpenAiAgents } from "./openai-agents";
export { fromOpenAiResponse } from "./openai-response";
export { fromProviderResponse, type ProviderResponseOptions } from "./provider-response";
