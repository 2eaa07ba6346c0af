import type { ContenderName } from "../contenders";
import type { WritingFigure } from "./figure";
import { measureHost } from "./host";

const REPOSITORIES = 20;
const WITHOUT_SDK = { contender: "otelPluginWithoutSdk", repositories: REPOSITORIES } as const;
const FLOOR = { contender: "floor", repositories: REPOSITORIES } as const;

/** What the OpenTelemetry plugin costs the host, compared with a span written by hand. */
export const otel: WritingFigure = {
  title:
    "hostUsPerEvent: the OpenTelemetry plugin, without an SDK and with one, beside a span written by hand",
  columns: ["hostUsPerEvent", "onProcessorUs"],
  cases: () =>
    (["otelPluginWithoutSdk", "otelPlugin", "otel", "floor"] as const satisfies ContenderName[]).map(
      (contender) => ({ contender, repositories: REPOSITORIES }),
    ),
  pace: (isQuick) => (isQuick ? { warmUpMs: 200, durationMs: 300 } : { warmUpMs: 1_000, durationMs: 1_500 }),
  measure: measureHost,
  targets: (results) => [
    {
      name: "µs above the floor, without an SDK",
      value: results.paired("hostUsPerEvent", WITHOUT_SDK, FLOOR, (own, floor) => own - floor),
      limit: 0.5,
      isUpperLimit: true,
    },
  ],
};
