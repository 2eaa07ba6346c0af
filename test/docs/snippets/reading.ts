import { executionsOf, openLedger, usageReport } from "runledger/report";

await using ledger = await openLedger("./data/telemetry.db");

const { totals, groups } = await usageReport(ledger, { since: "30d", by: ["model"] });
console.log(`${totals.executions} executions, ${totals.costUsd} USD, ${totals.withoutCost} without cost`);
for (const { model, costUsd, p95DurationMs } of groups) console.log(model, costUsd, p95DurationMs);

const pages = executionsOf(ledger, { repo: "octo-org/*" }, { order: "newest", limit: 100 });
for await (const rows of pages) {
  for (const { repo, conclusion, cost_usd } of rows) console.log(repo, conclusion, cost_usd);
}
