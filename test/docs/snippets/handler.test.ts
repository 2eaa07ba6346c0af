import { expect, test } from "bun:test";
import type { AppEvents, PluginEmitter } from "runledger";
import { createFakeEmitter } from "runledger/testing";

// A handler like yours: it runs something, and emits how it went.
interface Bus extends PluginEmitter {
  emit(type: "execution:completed", run: AppEvents["execution:completed"]): void;
}

async function handleReview(emitter: Bus, pullRequest: { repo: string; number: number }) {
  const result = { costUsd: 0.02, ok: true }; // your agent's work
  emitter.emit("execution:completed", {
    repo: pullRequest.repo,
    prNumber: pullRequest.number,
    eventType: "pull_request.opened",
    model: "claude-sonnet-4-5",
    conclusion: result.ok ? "success" : "failure",
    costUsd: result.costUsd,
  });
}

test("a review says what it cost", async () => {
  const emitter = createFakeEmitter();
  await handleReview(emitter, { repo: "octo-org/octo-repo", number: 7 });
  expect(emitter.emittedOf("execution:completed")).toMatchObject([
    { repo: "octo-org/octo-repo", prNumber: 7, conclusion: "success", costUsd: 0.02 },
  ]);
});
