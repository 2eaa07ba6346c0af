import { createApp, telemetryPlugin } from "runledger";

const prices = [
  {
    model: "claude-sonnet-4-5",
    provider: "aws",
    since: "2026-07-01",
    inputPerMillion: 2.4,
    outputPerMillion: 12,
  },
  { model: "gpt-5", serviceTier: "flex", inputPerMillion: 0.625, outputPerMillion: 5 },
  { model: "our-own-model", inputPerMillion: 0.2, outputPerMillion: 0.8 },
];
export const app = createApp().use(telemetryPlugin, { estimateCost: { prices } });
