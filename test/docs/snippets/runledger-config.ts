import type { RunledgerConfig } from "runledger/budget";

export default {
  dbPath: "./data/telemetry.db",
  budgets: [
    { name: "all", limitUsd: 500, per: "month" },
    { name: "each repo", limitUsd: 40, per: "day", each: "repo" },
  ],
} satisfies RunledgerConfig;
