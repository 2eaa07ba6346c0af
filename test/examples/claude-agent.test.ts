import { expect, test } from "bun:test";
import { evaluateExample } from "../support/example";
import { read } from "../support/ledger";

const { dbPath, printed } = await evaluateExample("claude-agent");

test("it says that it is offline, and answers each comment", () => {
  expect(printed).toContain("Offline: a stand-in answers, no model is asked.");
  expect(printed).toContain("With a limit of 0 it calls the function once");
  expect(printed).toContain("No answer: error_max_turns.");
  expect(printed).toEndWith("3 executions recorded.");
});

test("each answer has its own cost, though a resumed session tells its total", () => {
  const columns = "repo, event_type, pr_number, conclusion, num_turns, output_tokens, cost_source";
  const rows = read(dbPath, `SELECT ${columns}, round(cost_usd, 6) AS cost_usd FROM executions ORDER BY id`);
  const comment = {
    repo: "octo-org/octo-repo",
    event_type: "issue_comment.created",
    cost_source: "reported",
  };
  const answered = { ...comment, conclusion: "success", pr_number: 7 };
  expect(rows).toEqual([
    { ...answered, num_turns: 3, output_tokens: 895, cost_usd: 0.065576 },
    { ...answered, num_turns: 2, output_tokens: 420, cost_usd: 0.030729 },
    {
      ...comment,
      conclusion: "error_max_turns",
      pr_number: 8,
      num_turns: 8,
      output_tokens: 2_400,
      cost_usd: 0.18159,
    },
  ]);
});

test("what the small helper model used counts as its own", () => {
  const sql = "SELECT model, used_in, output_tokens FROM usage_daily WHERE model LIKE '%haiku%'";
  expect(read(dbPath, sql)).toEqual([{ model: "claude-haiku-4-5", used_in: 1, output_tokens: 45 }]);
});
