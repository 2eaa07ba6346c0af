import { createApp, telemetryPlugin } from "runledger";
import { budgetPlugin } from "runledger/budget";

const app = createApp()
  .use(telemetryPlugin)
  .use(budgetPlugin, {
    budgets: [
      { name: "all", limitUsd: 500, per: "month", timeZone: "Europe/Berlin" },
      {
        name: "reviews",
        limitUsd: 40,
        per: "day",
        match: { repo: "octo-org/*", eventType: "pull_request.*" },
      },
      { name: "one run", limitUsd: 5, per: "execution" },
      { name: "each team", limitUsd: 100, per: "week", each: "label:team" },
    ],
    alertAt: [0.5, 0.8, 1],
  });
app.emitter.on("budget:threshold", ({ budget, share }) => console.log(`${share * 100} % of ${budget} spent`));

const budget = app.get(budgetPlugin);
await budget.ready;
const review = { repo: "octo-org/octo-repo", eventType: "pull_request.opened", labels: { team: "core" } };
const { allowed, budgets } = budget.check(review);
console.log(allowed, budgets.map(({ budget }) => budget).join(", "));
if (allowed) {
  using hold = budget.reserve(review, 0.8); // counts as spent until the run is recorded, or until here
  const run = { ...review, model: "claude-sonnet-4-5", conclusion: "success", costUsd: 0.41 };
  app.emitter.emit("execution:completed", { ...run, executionId: hold.executionId });
}
console.log(budget.check(review).budgets[0]?.spentUsd);
await app.close();
