// The SDK brings a program of 400 MB, so that it is not installed here: these are the types of it that the bot uses,
// held to the SDK by `bun run check:sdks`. Where the SDK is installed, leave this file out.

declare module "@anthropic-ai/claude-agent-sdk" {
  export interface Options {
    allowedTools?: string[];
    maxTurns?: number;
    resume?: string;
  }

  interface Message {
    session_id: string;
  }
  export type SDKMessage =
    | (Message & { type: "system"; subtype: "init" })
    | (Message & { type: "assistant" })
    | (Message & { type: "result"; subtype: "success"; result: string })
    | (Message & { type: "result"; subtype: "error_during_execution" | "error_max_turns" });

  export function query(request: { prompt: string; options?: Options }): AsyncIterable<SDKMessage>;
}
