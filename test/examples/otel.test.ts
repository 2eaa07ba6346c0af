import { expect, test } from "bun:test";
import { join, resolve } from "node:path";
import { read } from "../support/ledger";
import { tempDir } from "../support/temp-dir";

const MAIN = resolve(import.meta.dir, "../../examples/otel/main.ts");

test("the review bot beside an SDK and a collector: what arrives is what the ledger has", async () => {
  const folder = tempDir();
  const example = Bun.spawn([process.execPath, MAIN], {
    cwd: folder,
    env: { ...process.env, TELEMETRY_DB_PATH: "", OTEL_SEMCONV_STABILITY_OPT_IN: "" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [printed, stderr] = await Promise.all([example.stdout.text(), example.stderr.text()]);
  expect({ stderr, exitCode: await example.exited }).toEqual({ stderr: "", exitCode: 0 });

  const rows = read<{ model: string; conclusion: string; seconds: string; usd: string }>(
    join(folder, "data/telemetry.db"),
    `SELECT model, conclusion, printf('%.3f', duration_ms / 1000.0) AS seconds, printf('%.4f', cost_usd) AS usd
     FROM executions ORDER BY id`,
  );
  expect(rows).toHaveLength(8);
  const spans = Array.from(
    printed.matchAll(/^span (\w+)(?: in (\w+))?: (.*)$/gm),
    ([, id, parent, said]) => ({
      id,
      parent,
      said: said ?? "",
    }),
  );
  const runs = spans.filter(({ said }) => said.startsWith("invoke_agent "));
  expect(runs.map(({ said }) => said)).toEqual(
    rows.map(
      ({ model, conclusion, seconds, usd }) =>
        `invoke_agent review-bot, ${seconds} s, ${model}, ${conclusion}, ${usd} USD`,
    ),
  );
  const webhooks = spans.filter(({ said }) => said.startsWith("webhook,")).map(({ id }) => id);
  expect(runs.filter(({ parent }) => !webhooks.includes(parent))).toEqual([]);

  const totalOf = (metric: string) =>
    Number(new RegExp(`^metric ${metric}: ([\\d.]+) `, "m").exec(printed)?.[1] ?? Number.NaN);
  const [sums] = read<{ usd: number; turns: number }>(
    join(folder, "data/telemetry.db"),
    "SELECT sum(cost_usd) AS usd, sum(num_turns) AS turns FROM executions",
  );
  expect(totalOf("runledger.execution.cost")).toBeCloseTo(sums?.usd ?? Number.NaN, 6);
  expect(totalOf("gen_ai.invoke_agent.inference_calls")).toBe(sums?.turns ?? Number.NaN);
  expect(totalOf("runledger.telemetry.written")).toBe(8);
});
