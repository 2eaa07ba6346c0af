// A real receiver of OTLP over HTTP, in its JSON encoding: https://opentelemetry.io/docs/specs/otlp/#otlphttp

/** What an attribute holds. */
export type AttributeValue = string | number | boolean | readonly AttributeValue[];
export type ReceivedAttributes = Readonly<Record<string, AttributeValue>>;

/** A span as it arrived. */
export interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly name: string;
  readonly kind: number;
  readonly startMs: number;
  readonly endMs: number;
  readonly status: { readonly code?: number; readonly message?: string };
  readonly attributes: ReceivedAttributes;
  readonly schemaUrl: string;
}

/** A point of a metric, as last received. */
export interface ReceivedPoint {
  readonly attributes: ReceivedAttributes;
  /** Of a counter or gauge. */
  readonly value: number;
  /** Of a histogram. */
  readonly count: number;
  readonly sum: number;
  readonly bounds: readonly number[];
}

export interface ReceivedMetric {
  readonly name: string;
  readonly unit: string;
  readonly kind: "sum" | "gauge" | "histogram";
  readonly points: readonly ReceivedPoint[];
}

export interface OtlpReceiver extends Disposable {
  readonly url: string;
  /** Every span so far. */
  readonly spans: readonly ReceivedSpan[];
  /** The metrics of the last export; they are cumulative. */
  metric(name: string): ReceivedMetric | undefined;
  readonly metrics: readonly ReceivedMetric[];
}

/** @param answer Its answer. Default: success. */
export function otlpReceiver(answer = () => Promise.resolve(Response.json({}))): OtlpReceiver {
  const spans: ReceivedSpan[] = [];
  let metrics: ReceivedMetric[] = [];
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    async fetch(request) {
      const body = (await request.json()) as Encoded;
      const { pathname } = new URL(request.url);
      if (pathname === "/v1/traces") spans.push(...spansOf(body));
      else if (pathname === "/v1/metrics") metrics = metricsOf(body);
      else return new Response(null, { status: 404 });
      return answer();
    },
  });
  return {
    url: `http://127.0.0.1:${server.port}`,
    spans,
    get metrics() {
      return metrics;
    },
    metric: (name) => metrics.find((metric) => metric.name === name),
    [Symbol.dispose]: () => void server.stop(true),
  };
}

/** A Protobuf message as JSON. If something is missing in it, the test fails. */
// biome-ignore lint/suspicious/noExplicitAny: the receiver reads what tests then compare.
type Encoded = Readonly<Record<string, any>>;

function spansOf({ resourceSpans }: Encoded): ReceivedSpan[] {
  return resourceSpans.flatMap(({ scopeSpans }: Encoded) =>
    scopeSpans.flatMap(({ spans, schemaUrl = "" }: Encoded) =>
      spans.map((span: Encoded) => ({
        traceId: span["traceId"],
        spanId: span["spanId"],
        parentSpanId: span["parentSpanId"] || undefined,
        name: span["name"],
        kind: span["kind"],
        startMs: Number(BigInt(span["startTimeUnixNano"]) / 1_000_000n),
        endMs: Number(BigInt(span["endTimeUnixNano"]) / 1_000_000n),
        status: span["status"] ?? {},
        attributes: attributesOf(span["attributes"]),
        schemaUrl,
      })),
    ),
  );
}

function metricsOf({ resourceMetrics }: Encoded): ReceivedMetric[] {
  return resourceMetrics.flatMap(({ scopeMetrics }: Encoded) =>
    scopeMetrics.flatMap(({ metrics }: Encoded) => metrics.map(metricOf)),
  );
}

function metricOf(metric: Encoded): ReceivedMetric {
  const kind = (["sum", "gauge", "histogram"] as const).find((each) => metric[each] !== undefined) ?? "sum";
  const points = metric[kind].dataPoints.map((point: Encoded) => ({
    attributes: attributesOf(point["attributes"]),
    value: Number(point["asDouble"] ?? point["asInt"]),
    count: Number(point["count"]),
    sum: Number(point["sum"]),
    bounds: point["explicitBounds"] ?? [],
  }));
  return { name: metric["name"], unit: metric["unit"] ?? "", kind, points };
}

function attributesOf(encoded: readonly Encoded[] = []): ReceivedAttributes {
  return Object.fromEntries(encoded.map(({ key, value }) => [key, decoded(value)]));
}

function decoded(value: Encoded): AttributeValue {
  if (value["arrayValue"] !== undefined) return (value["arrayValue"].values ?? []).map(decoded);
  if (value["intValue"] !== undefined) return Number(value["intValue"]);
  return value["stringValue"] ?? value["doubleValue"] ?? value["boolValue"];
}
