import { writeSync } from "node:fs";
import { createApp, telemetryPlugin } from "runledger";
import { type BudgetPluginOptions, budgetPlugin } from "runledger/budget";
import { executionCompleted } from "runledger/testing";

// Usage: budget-spender.ts OPTIONS_JSON DOES AMOUNT. An application with budgets that
// "spends" reserves and records the amount again and again, until it is not allowed; prints how often it was;
// "is killed before it reads" once the amount is committed;
// "is killed while it tells" that a share was reached by the amount; prints the alert first.

const [json = "{}", does, amount] = process.argv.slice(2);
const options = JSON.parse(json) as BudgetPluginOptions;
const costUsd = Number(amount);
const app = createApp().use(telemetryPlugin, { dbPath: options.dbPath }).use(budgetPlugin, options);
const telemetry = app.get(telemetryPlugin);
const budgets = app.get(budgetPlugin);
const print = (line: string) => writeSync(1, `${line}\n`);
const kill = () => process.kill(process.pid, "SIGKILL");
await Promise.all([telemetry.ready, budgets.ready]);

switch (does) {
  case "spends": {
    let runs = 0;
    for (;;) {
      await budgets.refresh();
      const { repo, eventType } = executionCompleted();
      using hold = budgets.reserve({ repo, eventType }, costUsd);
      if (!hold.allowed) break;
      // The run takes its time.
      await Bun.sleep(Math.random() * 20);
      const { executionId } = hold;
      app.emitter.emit("execution:completed", executionCompleted({ executionId, costUsd }));
      await telemetry.flush();
      runs += 1;
    }
    print(`${runs}`);
    await app.close();
    break;
  }
  case "is killed before it reads":
    app.emitter.emit("execution:completed", executionCompleted({ costUsd }));
    await telemetry.flush();
    kill();
    break;
  case "is killed while it tells":
    app.emitter.on("budget:threshold", ({ id, share }) => {
      print(`${share} ${id}`);
      kill();
    });
    app.emitter.emit("execution:completed", executionCompleted({ costUsd }));
    await telemetry.flush();
    await budgets.refresh();
    break;
}
