import { afterEach, describe, expect, test } from "bun:test";
import { PROVIDER_NAMES, wellKnownProvider } from "../../../plugins/otel/provider-names";
import { executionCompleted } from "../../../src/testing";
import { namesOf, pageOf, rowsOf } from "../../support/docs";
import { useOtelApps } from "../../support/otel-app";
import { METRICS, SELF_METRICS, SPAN_ATTRIBUTES, spanAttributesOf } from "./names";

const { start } = useOtelApps();
const page = pageOf("docs/opentelemetry.md");

const OPT_IN = "OTEL_SEMCONV_STABILITY_OPT_IN";
afterEach(() => void delete process.env[OPT_IN]);

/** With every field, so that its span has every attribute. */
const full = executionCompleted({
  executionId: "run-1",
  completedAt: "2026-11-27T12:00:00Z",
  conclusion: "timed_out",
  costSource: "estimated",
});

describe("the documentation's tables are what is sent:", () => {
  test("attributes of the span", () => {
    const rows = SPAN_ATTRIBUTES.map(
      ([name, old, latest, value]) => `| \`${name}\` | ${old} | ${latest} | ${value} |`,
    );
    expect(rowsOf(page, 'attribute of the span | `"1.41"` | `"latest"` | value')).toEqual(rows);
  });

  test("metrics", () => {
    const named = (header: string) =>
      rowsOf(page, header).map((row) =>
        row
          .split(" | ")
          .slice(0, 3)
          .map((cell) => cell.replaceAll(/[|`]/g, "").trim()),
      );
    const kinds = { sum: "counter", gauge: "gauge", histogram: "histogram" } as const;
    expect(named("metric | kind | unit")).toEqual(
      METRICS.map(([name, kind, unit]) => [name, kinds[kind], unit]),
    );
    expect(namesOf(page, "self-metric | kind | unit").length).toBe(SELF_METRICS.length);
    expect(named("self-metric | kind | unit").map(([name, , unit]) => [name, unit])).toEqual(
      SELF_METRICS.map(([name, , unit]) => [name, unit]),
    );
  });

  test("names of providers", () => {
    const documented = rowsOf(page, "provider | names in records").map((row) =>
      Array.from(row.matchAll(/`([^`]+)`/g), ([, name = ""]) => name),
    );
    expect(documented).toEqual(Object.entries(PROVIDER_NAMES).map(([name, others]) => [name, ...others]));
  });
});

describe.each(["1.41", "latest"] as const)("conventions %s", (conventions) => {
  test("the span of an execution with every field has exactly the attributes of the table", async () => {
    const { receiver, send } = start({ conventions, agentName: "reviewer" });
    await send(full);
    const [span] = receiver.spans;
    expect(Object.keys(span?.attributes ?? {}).sort()).toEqual(spanAttributesOf(conventions).sort());
    expect(span?.schemaUrl).toBe(conventions === "1.41" ? "https://opentelemetry.io/schemas/1.41.0" : "");
  });

  test("metrics are those of the table, with its units and no attribute besides", async () => {
    const { receiver, send } = start({ conventions, agentName: "reviewer", tokenCounters: true });
    await send(full);
    const sent = receiver.metrics
      .filter(({ name }) => !SELF_METRICS.some(([self]) => self === name))
      .map(({ name, kind, unit, points }) => [
        name,
        kind,
        unit,
        [...new Set(points.flatMap(({ attributes }) => Object.keys(attributes)))].sort(),
      ]);
    const expected = METRICS.map(([name, kind, unit, attributes]) => [
      name,
      kind,
      unit,
      [...attributes].sort(),
    ]);
    expect(sent.sort()).toEqual(expected.sort());
  });
});

test("histograms have the boundaries of the conventions", async () => {
  const { receiver, send } = start();
  await send(full);
  const boundsOf = (name: string) => receiver.metric(name)?.points.map(({ bounds }) => bounds);
  expect(boundsOf("gen_ai.invoke_agent.duration")).toEqual([
    [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 51.2, 102.4, 204.8, 409.6],
  ]);
  expect(boundsOf("gen_ai.invoke_agent.inference_calls")).toEqual([[1, 2, 4, 8, 16, 32, 64, 128]]);
});

test.each([
  ["gen_ai_latest_experimental", undefined, "latest"],
  ["http/dup, gen_ai_latest_experimental", undefined, "latest"],
  ["http", undefined, "1.41"],
  ["gen_ai_latest_experimental", "1.41", "1.41"],
  ["", "latest", "latest"],
] as const)(
  "OTEL_SEMCONV_STABILITY_OPT_IN=%p and the option %p select %s",
  async (optIn, option, selected) => {
    process.env[OPT_IN] = optIn;
    const { receiver, send } = start({ ...(option && { conventions: option }) });
    await send(full);
    const hasProvider = receiver.spans.some(({ attributes }) => "gen_ai.provider.name" in attributes);
    expect(hasProvider).toBe(selected === "1.41");
  },
);

test("providers have their well-known names, others their own", () => {
  const names = ["aws", "google-vertex", "azure", "xai", "X-AI", "mistral", "google", "meta", "Anthropic"];
  expect(names.map(wellKnownProvider)).toEqual([
    "aws.bedrock",
    "gcp.vertex_ai",
    "azure.ai.openai",
    "x_ai",
    "x_ai",
    "mistral_ai",
    "gcp.gen_ai",
    "meta",
    "anthropic",
  ]);
});
