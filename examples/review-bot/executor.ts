/** What the bot wants done. */
export interface Task {
  readonly model: string;
  readonly prompt: string;
}

/** One finished run. Token counts are disjoint: `inputTokens` excludes the cached ones. */
export interface Run {
  readonly model: string;
  readonly conclusion: "success" | "failure";
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cacheReadTokens: number;
  readonly cacheCreationTokens: number;
  readonly durationMs: number;
  readonly costUsd: number;
  readonly sessionId: string;
  readonly numTurns: number;
  readonly stopReason: string;
}

/** Runs an agent. A run that fails resolves too, as it cost money. */
export interface Executor {
  run(task: Task): Promise<Run>;
}

/** A STAND-IN: calls no model and makes every number up, the same ones for the same seed and task. */
export function createStandInExecutor(seed: number): Executor {
  return {
    async run({ model, prompt }) {
      const identity = Bun.hash.xxHash32(`${model}\n${prompt}`, seed);
      const between = randomIntegers(identity);
      const numTurns = between(2, 12);
      const tokens = {
        inputTokens: numTurns * between(40, 400),
        outputTokens: numTurns * between(100, 700),
        cacheReadTokens: numTurns * between(5_000, 20_000),
        cacheCreationTokens: numTurns * between(500, 3_000),
      };
      const succeeded = between(1, 6) > 1;
      return {
        model,
        conclusion: succeeded ? "success" : "failure",
        ...tokens,
        durationMs: numTurns * between(1_500, 6_000),
        costUsd: madeUpCost(model, tokens),
        sessionId: `stand-in-${identity.toString(16).padStart(8, "0")}`,
        numTurns,
        stopReason: succeeded ? "end_turn" : "max_tokens",
      };
    },
  };
}

type Tokens = Pick<Run, "inputTokens" | "outputTokens" | "cacheReadTokens" | "cacheCreationTokens">;

function madeUpCost(model: string, tokens: Tokens): number {
  const usdPerMillion = model.includes("haiku") ? 1 : 3;
  const weighted =
    tokens.inputTokens +
    tokens.outputTokens * 5 +
    tokens.cacheReadTokens * 0.1 +
    tokens.cacheCreationTokens * 1.25;
  return (weighted * usdPerMillion) / 1_000_000;
}

/** Integers from `low` to `high`, both included: a 32-bit xorshift, good enough for made-up numbers. */
function randomIntegers(seed: number): (low: number, high: number) => number {
  let state = seed | 1;
  return (low, high) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return low + ((state >>> 0) % (high - low + 1));
  };
}
