import { afterEach, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { fromClaudeResult } from "runledger/adapters";
import { otelPlugin } from "runledger/otel";
import { wellKnownProvider } from "../../../plugins/otel/provider-names";
import { createApp, telemetryPlugin } from "../../../src";
import type { TelemetryRecord } from "../../../src/record/types";
import type { UsageGroup } from "../../../src/report/types";
import { tries } from "../../support/effort";
import { runCli } from "../../support/fake-terminal";
import { read } from "../../support/ledger";
import { SDKS, unregisterAll } from "../../support/otel-sdks";
import { type OtlpReceiver, otlpReceiver, type ReceivedPoint } from "../../support/otlp-receiver";
import { tempDir } from "../../support/temp-dir";

const DATA = resolve(import.meta.dir, "../../../../shared/data");
const AGENT = "reviewer";
const folder = tempDir();
afterEach(unregisterAll);

/** Of the ledger, in which unknown numbers are 0. */
interface Row {
  readonly execution_id: string;
  readonly completed_ms: number;
  readonly [column: string]: string | number | null;
}

/** Real executions; each has an id, by which its span and its row are found. */
async function realExecutions(): Promise<TelemetryRecord[]> {
  const lines = (file: string) => Bun.file(join(DATA, file)).text().then(Bun.JSONL.parse);
  const results = (await lines("claude-results.jsonl")) as Parameters<typeof fromClaudeResult>[0][];
  const claude = results.flatMap((result, index) => {
    try {
      const record = fromClaudeResult(result, { repo: "o/r", eventType: "claude" });
      return [{ ...record, executionId: `claude-${index}` }];
    } catch {
      return [];
    }
  });
  return [...((await lines("executions.jsonl")) as TelemetryRecord[]), ...claude];
}

/** What the span of an execution has to be, by its row and what of it is known. */
function expectedSpan(record: TelemetryRecord, row: Row, conventions: "1.41" | "latest") {
  const of = (column: string) => row[column] as number;
  const isKnown = (field: "inputTokens" | "outputTokens" | "cacheReadTokens" | "cacheCreationTokens") =>
    record[field] != null || record.models?.some((used) => used[field] != null) === true;
  const hasFailed = !["success", "neutral", "skipped"].includes(`${row["conclusion"]}`);
  const isOld = conventions === "1.41";
  const attributes = {
    "gen_ai.operation.name": "invoke_agent",
    "gen_ai.agent.name": AGENT,
    "gen_ai.request.model": row["model"],
    "gen_ai.provider.name": isOld ? wellKnownProvider(`${row["provider"]}`) : null,
    "gen_ai.conversation.id": row["session_id"],
    "gen_ai.response.finish_reasons": row["stop_reason"] === null ? null : [row["stop_reason"]],
    "error.type": hasFailed ? row["conclusion"] : null,
    ...(row["usage_source"] === "reported" && {
      "gen_ai.usage.input_tokens": isKnown("inputTokens")
        ? of("input_tokens") + of("cache_read_tokens") + of("cache_creation_tokens")
        : null,
      "gen_ai.usage.output_tokens": isKnown("outputTokens") ? row["output_tokens"] : null,
      "gen_ai.usage.cache_read.input_tokens":
        isOld && isKnown("cacheReadTokens") ? row["cache_read_tokens"] : null,
      "gen_ai.usage.cache_creation.input_tokens":
        isOld && isKnown("cacheCreationTokens") ? row["cache_creation_tokens"] : null,
    }),
    ...(row["cost_source"] !== "unknown" && {
      "runledger.cost.amount": row["cost_usd"],
      "runledger.cost.currency": "USD",
      "runledger.cost.source": row["cost_source"],
    }),
    "runledger.execution.conclusion": row["conclusion"],
    "runledger.execution.id": row.execution_id,
    "runledger.execution.turns": row["num_turns"],
    "runledger.repo": row["repo"],
    "runledger.pr.number": row["pr_number"],
    "runledger.delivery.id": row["delivery_id"],
    "runledger.event.type": row["event_type"],
  };
  return {
    name: `invoke_agent ${AGENT}`,
    kind: 1,
    startMs: row.completed_ms - of("duration_ms"),
    endMs: row.completed_ms,
    status: { code: hasFailed ? 2 : 0 },
    attributes: Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== null)),
  };
}

function sumOf(
  receiver: OtlpReceiver,
  metric: string,
  where: Readonly<Record<string, unknown>>,
  value: (point: ReceivedPoint) => number = (point) => point.value,
): number {
  return (receiver.metric(metric)?.points ?? [])
    .filter(({ attributes }) => Object.entries(where).every(([name, is]) => attributes[name] === is))
    .reduce((sum, point) => sum + value(point), 0);
}

/** The numbers of `runledger report`, by what the metrics say. */
function reportedBy(receiver: OtlpReceiver, where: Readonly<Record<string, unknown>>) {
  const tokens = (kind: string) =>
    sumOf(receiver, "runledger.execution.tokens", { ...where, "runledger.token.class": kind });
  const ofRuns = (name: string, value: (point: ReceivedPoint) => number) =>
    sumOf(receiver, `gen_ai.invoke_agent.${name}`, where, value);
  const count = sumOf(receiver, "runledger.execution.count", where);
  return {
    executions: count,
    failures:
      count -
      sumOf(receiver, "runledger.execution.count", { ...where, "runledger.execution.conclusion": "success" }),
    inputTokens: tokens("input"),
    outputTokens: tokens("output"),
    cacheReadTokens: tokens("cache_read"),
    cacheCreationTokens: tokens("cache_creation"),
    numTurns: ofRuns("inference_calls", ({ sum }) => sum),
    withoutTurns: count - ofRuns("inference_calls", (point) => point.count),
    durationMs: Math.round(ofRuns("duration", ({ sum }) => sum) * 1_000),
    withoutDuration: count - ofRuns("duration", (point) => point.count),
    costUsd: expect.closeTo(sumOf(receiver, "runledger.execution.cost", where), 6),
    estimatedCostUsd: expect.closeTo(
      sumOf(receiver, "runledger.execution.cost", { ...where, "runledger.cost.source": "estimated" }),
      6,
    ),
  };
}

describe.skipIf(!existsSync(DATA)).each([
  [3, "1.41"],
  [2, "latest"],
  // The names don't depend on the SDK, so that one of each is enough every day.
  ...(tries(0, 1)
    ? ([
        [3, "latest"],
        [2, "1.41"],
      ] as const)
    : []),
] as const)(
  "6,058 real executions by SDK %d and conventions %s (skipped where ../shared/data is absent)",
  (version, conventions) => {
    test("arrive field by field as the ledger has them, and add up as its report does", async () => {
      using receiver = otlpReceiver();
      const sdk = SDKS[version](receiver.url);
      sdk.register();
      const dbPath = join(folder, `${version}-${conventions}.db`);
      const app = createApp()
        .use(telemetryPlugin, { dbPath, retentionDays: false })
        .use(otelPlugin, { conventions, agentName: AGENT, tokenCounters: true });
      const executions = await realExecutions();
      for (const execution of executions) app.emitter.emit("execution:completed", execution);
      await app.close();
      await sdk.shutdown();

      // Of those without a time each plugin takes its own.
      const rows = read<Row>(
        dbPath,
        "SELECT *, CAST(round((julianday(created_at) - 2440587.5) * 86400000) AS INTEGER) AS completed_ms FROM executions",
      );
      const byId = new Map(rows.map((row) => [row.execution_id, row]));
      expect([byId.size, executions.length]).toEqual([6_058, 6_058]);
      const expected = executions.flatMap((execution) => {
        const row = byId.get(execution.executionId ?? "");
        return row === undefined || row["duration_ms"] === 0 ? [] : [{ execution, row }];
      });
      const spans = new Map(receiver.spans.map((span) => [span.attributes["runledger.execution.id"], span]));
      expect(spans.size).toBe(expected.length);
      for (const { execution, row } of expected) {
        const { startMs, endMs, traceId, spanId, parentSpanId, schemaUrl, ...span } =
          spans.get(row.execution_id) ?? expect.unreachable(row.execution_id);
        const { startMs: start, endMs: end, ...rest } = expectedSpan(execution, row, conventions);
        expect<object>(span).toEqual(rest);
        expect(endMs - startMs).toBe(end - start);
        if (execution.completedAt != null) expect({ startMs, endMs }).toEqual({ startMs: start, endMs: end });
        expect({ traceId, spanId, parentSpanId }).toEqual({
          traceId: expect.stringMatching(/^[\da-f]{32}$/),
          spanId: expect.stringMatching(/^[\da-f]{16}$/),
          parentSpanId: undefined,
        });
        expect(schemaUrl).toBe(conventions === "1.41" ? "https://opentelemetry.io/schemas/1.41.0" : "");
      }

      const { out } = await runCli([
        "report",
        "--db",
        dbPath,
        "--since",
        "2000-01-01",
        "--by",
        "model",
        "--json",
      ]);
      const { totals, groups } = JSON.parse(out);
      expect(totals).toMatchObject(reportedBy(receiver, {}));
      expect(groups.length).toBeGreaterThan(20);
      for (const group of groups as (UsageGroup & { readonly model: string })[]) {
        expect(group).toMatchObject(reportedBy(receiver, { "gen_ai.request.model": group.model }));
      }
      const inference = (kind: string) =>
        sumOf(receiver, `gen_ai.client.inference.usage.${kind}_tokens`, { "gen_ai.agent.name": AGENT });
      expect({
        output: inference("output"),
        cacheRead: inference("cache_read.input"),
        cacheWrite: inference("cache_write.input"),
        input: inference("input"),
      }).toEqual({
        output: totals.outputTokens,
        cacheRead: totals.cacheReadTokens,
        cacheWrite: totals.cacheCreationTokens,
        input: totals.inputTokens + totals.cacheReadTokens + totals.cacheCreationTokens,
      });
    });
  },
);
