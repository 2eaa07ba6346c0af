import { join } from "node:path";
import { budgetPlugin } from "../../plugins/budget";
import { createApp, createTelemetryStore, telemetryPlugin } from "../../src/index";
import type { TelemetryRecord } from "../../src/record/types";
import { executionCompleted } from "../../src/testing";
import { LEDGER_FILE, type StartContender } from "./contender";

/** Like `runledger`, with budgets that no event exceeds; three of them count for each event, one by repository. */
export const startBudgets: StartContender = async (folder) => {
  const dbPath = join(folder, LEDGER_FILE);
  const limitUsd = 1e12;
  const app = createApp()
    .use(telemetryPlugin, { dbPath, retentionDays: false })
    .use(budgetPlugin, {
      dbPath,
      budgets: [
        { name: "all", limitUsd, per: "month", timeZone: "Europe/Berlin" },
        { name: "each repo", limitUsd, per: "day", each: "repo" },
        { name: "reviews", limitUsd, per: "day", match: { repo: "octo-org/*", eventType: "pull_request.*" } },
        { name: "one run", limitUsd, per: "execution" },
      ],
    });
  const telemetry = app.get(telemetryPlugin);
  const budgets = app.get(budgetPlugin);
  await Promise.all([telemetry.ready, budgets.ready]);
  return {
    emit: (event) => app.emitter.emit("execution:completed", event),
    queued: () => telemetry.stats().queued,
    flush: () => telemetry.flush(),
    check: ({ repo, eventType }: TelemetryRecord) => budgets.check({ repo, eventType }).allowed,
    async spendElsewhere() {
      const costUsd = 1_000;
      const spentUsd = () => budgets.check({}).budgets[0]?.spentUsd ?? 0;
      const expectedUsd = spentUsd() + costUsd / 2;
      using store = createTelemetryStore({ dbPath });
      store.record(executionCompleted({ costUsd }));
      while (spentUsd() < expectedUsd) await Bun.sleep(1);
    },
    async close() {
      await app.close();
      return telemetry.stats().written;
    },
  };
};
