import type { Options, SDKMessage } from "@anthropic-ai/claude-agent-sdk";
import { type RecordingApp, recordClaude } from "runledger/adapters";

/** `query` of the Claude Agent SDK, as far as the bot uses it. */
export type Query = (request: { prompt: string; options?: Options }) => AsyncIterable<SDKMessage>;

export interface Comment {
  readonly repo: string;
  readonly prNumber: number;
  readonly text: string;
}

/** Answers comments; those on one pull request are one conversation, so each resumes the session of the one before. */
export function createBot({ app, query }: { app: RecordingApp; query: Query }) {
  const sessions = new Map<string, string>();

  return async ({ repo, prNumber, text }: Comment): Promise<string> => {
    const pullRequest = `${repo}#${prNumber}`;
    const resume = sessions.get(pullRequest);
    const messages = query({
      prompt: text,
      options: { maxTurns: 8, allowedTools: ["Read", "Grep", "Glob"], ...(resume && { resume }) },
    });

    let answer = "";
    const context = { repo, prNumber, eventType: "issue_comment.created" };
    for await (const message of recordClaude(messages, app, context)) {
      if (message.type !== "result") continue;
      sessions.set(pullRequest, message.session_id);
      answer = message.subtype === "success" ? message.result : `No answer: ${message.subtype}.`;
    }
    return answer;
  };
}
