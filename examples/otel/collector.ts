import * as z from "zod";

// The part of OTLP, in its JSON encoding, that is printed: https://opentelemetry.io/docs/specs/otlp/#otlphttp

const attributes = z
  .array(z.object({ key: z.string(), value: z.record(z.string(), z.unknown()) }))
  .default([])
  .transform((list) => new Map(list.map(({ key, value }) => [key, Object.values(value)[0]])));

const span = z.object({
  spanId: z.string(),
  parentSpanId: z.string().optional(),
  name: z.string(),
  startTimeUnixNano: z.coerce.bigint(),
  endTimeUnixNano: z.coerce.bigint(),
  attributes,
});

const point = z.object({
  attributes,
  asInt: z.coerce.number().optional(),
  asDouble: z.number().optional(),
  sum: z.number().optional(),
});

const points = z.object({ dataPoints: z.array(point) }).optional();

const metric = z.object({
  name: z.string(),
  unit: z.string().default(""),
  sum: points,
  gauge: points,
  histogram: points,
});

const body = z.object({
  resourceSpans: z.array(z.object({ scopeSpans: z.array(z.object({ spans: z.array(span) })) })).default([]),
  resourceMetrics: z
    .array(z.object({ scopeMetrics: z.array(z.object({ metrics: z.array(metric) })) }))
    .default([]),
});

/** A collector on a free port of this machine, which prints a line for each span, and one for each metric's total. */
export function startCollector(print: (line: string) => void) {
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    async fetch(request) {
      const { resourceSpans, resourceMetrics } = body.parse(await request.json());
      const spans = resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans));
      const metrics = resourceMetrics.flatMap(({ scopeMetrics }) =>
        scopeMetrics.flatMap((scope) => scope.metrics),
      );
      for (const line of [...spans.map(spanLine), ...metrics.map(metricLine)]) print(line);
      return Response.json({});
    },
  });
  return { url: `http://127.0.0.1:${server.port}`, stop: () => server.stop() };
}

function spanLine(received: z.output<typeof span>): string {
  const seconds = Number(received.endTimeUnixNano - received.startTimeUnixNano) / 1e9;
  const said = ["gen_ai.request.model", "runledger.execution.conclusion", "runledger.cost.amount"]
    .map((name) => received.attributes.get(name))
    .filter((value) => value !== undefined)
    .map((value) => (typeof value === "number" ? `${value.toFixed(4)} USD` : value));
  const parent = received.parentSpanId ? ` in ${received.parentSpanId}` : "";
  return [`span ${received.spanId}${parent}: ${received.name}, ${seconds.toFixed(3)} s`, ...said].join(", ");
}

function metricLine({ name, unit, sum, gauge, histogram }: z.output<typeof metric>): string {
  const all = (sum ?? gauge ?? histogram)?.dataPoints ?? [];
  const total = all.reduce(
    (added, { asInt, asDouble, sum: ofHistogram }) => added + (asInt ?? asDouble ?? ofHistogram ?? 0),
    0,
  );
  return `metric ${name}: ${Number(total.toFixed(6))} ${unit}, ${all.length} series`;
}
