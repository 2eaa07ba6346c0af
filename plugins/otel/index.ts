export type { Conventions } from "./conventions";
export type { Otel, OtelPluginOptions, OtelStats, Signal, SpanAttributes } from "./options";
export { otelPlugin } from "./plugin";
