import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { fromCodexTurn } from "../../src/adapters";
import { context, MARKER, rowOf } from "../support/adapted-row";
import { thrownBy } from "../support/thrown-by";

describe("Codex", () => {
  const total = (input: number, read: number, written: number, output: number) => ({
    items: [{ type: "agent_message", text: MARKER }],
    finalResponse: MARKER,
    usage: {
      input_tokens: input,
      cached_input_tokens: read,
      cache_write_input_tokens: written,
      output_tokens: output,
      reasoning_output_tokens: output,
    },
  });
  const inCodex = { ...context, model: "gpt-5.3-codex" };

  test("a turn is what its thread used since the turn before", () => {
    const first = total(1_000, 600, 100, 50);
    const second = { type: "turn.completed", usage: total(3_000, 2_400, 150, 80).usage };
    expect(rowOf(fromCodexTurn(first, inCodex, { threadId: "t-1" }))).toMatchObject({
      session_id: "t-1",
      model: "gpt-5.3-codex",
      provider: "openai",
      conclusion: "success",
      input_tokens: 300,
      cache_read_tokens: 600,
      cache_creation_tokens: 100,
      output_tokens: 50,
    });
    expect(rowOf(fromCodexTurn(second, inCodex, { previous: first }))).toMatchObject({
      session_id: null,
      input_tokens: 150,
      cache_read_tokens: 1_800,
      cache_creation_tokens: 50,
      output_tokens: 30,
    });
  });

  test("turns of any thread add up to its total", () => {
    const tokens = fc.record({
      input: fc.integer({ min: 1, max: 1e6 }),
      read: fc.nat(1e6),
      output: fc.nat(1e6),
    });
    fc.assert(
      fc.property(fc.array(tokens, { minLength: 1, maxLength: 8 }), (turns) => {
        const sums = { input: 0, read: 0, output: 0 };
        let previous: object | undefined;
        const rows = turns.map(({ input, read, output }) => {
          sums.input += input;
          sums.read += read;
          sums.output += output;
          const turn = total(sums.input + sums.read, sums.read, 0, sums.output);
          const row = rowOf(fromCodexTurn(turn, inCodex, { previous }));
          previous = turn;
          return row;
        });
        const sum = (name: "input_tokens" | "cache_read_tokens" | "output_tokens") =>
          rows.reduce((all, row) => all + (row[name] ?? 0), 0);
        expect([sum("input_tokens"), sum("cache_read_tokens"), sum("output_tokens")]).toEqual([
          sums.input,
          sums.read,
          sums.output,
        ]);
      }),
    );
  });

  test("a total that fell began anew: the turn counts as it is", () => {
    const turn = fromCodexTurn(total(100, 50, 0, 9), inCodex, { previous: total(80, 60, 0, 5) });
    expect(rowOf(turn)).toMatchObject({ input_tokens: 50, cache_read_tokens: 50, output_tokens: 9 });
  });

  test.each([
    [{ type: "turn.failed", error: { message: MARKER } }, "error"],
    [{ items: [], finalResponse: "", usage: null }, "success"],
    [total(0, 0, 0, 0), "success"],
  ])("of %j, the usage is unknown", (turn, conclusion) => {
    expect(rowOf(fromCodexTurn(turn, inCodex))).toMatchObject({ conclusion, usage_source: "unknown" });
  });

  test("what the turn before didn't tell is unknown of this one, and no turn before is none", () => {
    const { cache_write_input_tokens: _, ...older } = total(1_000, 600, 100, 50).usage;
    const turn = fromCodexTurn(total(3_000, 2_400, 150, 80), inCodex, {
      previous: { items: [], usage: older },
    });
    expect(turn).toMatchObject({ inputTokens: 200, cacheReadTokens: 1_800, cacheCreationTokens: undefined });
    const first = fromCodexTurn(total(1_000, 600, 100, 50), inCodex, { previous: null });
    expect(first).toMatchObject({ inputTokens: 300, cacheCreationTokens: 100 });
  });

  test("another event, or one as the turn before, is refused", async () => {
    const usage = { input_tokens: 9, output_tokens: 2 };
    for (const other of [
      { type: "item.completed", item: {} },
      { type: "thread.started" },
      { object: "response", usage },
    ]) {
      expect((await thrownBy(() => fromCodexTurn(other, inCodex))).code).toBe("INVALID_RECORD");
      const previous = () => fromCodexTurn(total(1, 0, 0, 1), inCodex, { previous: other });
      expect((await thrownBy(previous)).code).toBe("INVALID_RECORD");
    }
  });
});
