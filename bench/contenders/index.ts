import type { StartContender } from "./contender";

/** Each in its own file, of which a trial loads only the one that it measures. */
export const CONTENDERS = {
  runledger: async () => (await import("./runledger")).startRunledger,
  unpriced: async () => (await import("./runledger")).startUnpriced,
  estimating: async () => (await import("./runledger")).startEstimating,
  budgets: async () => (await import("./budgets")).startBudgets,
  earlier: async () => (await import("./earlier")).startEarlier,
  kysely: async () => (await import("./kysely")).startKysely,
  drizzle: async () => (await import("./drizzle")).startDrizzle,
  pino: async () => (await import("./pino")).startPino,
  otel: async () => (await import("./otel")).startOtel,
  otelPlugin: async () => (await import("./otel-plugin")).startOtelPlugin,
  otelPluginWithoutSdk: async () => (await import("./otel-plugin")).startOtelPluginWithoutSdk,
  raw: async () => (await import("./raw")).startRaw,
  floor: async () => (await import("./floor")).startFloor,
} as const satisfies Record<string, () => Promise<StartContender>>;

export type ContenderName = keyof typeof CONTENDERS;
