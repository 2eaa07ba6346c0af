import { workerScope } from "../worker";
import { BudgetDesk } from "./budget-desk";
import type { BudgetStart, FromBudgetThread, ToBudgetThread } from "./protocol";

// The entry of the budgets' thread: a `BudgetDesk`, fed by messages. The first message says how to start.

const scope = workerScope<FromBudgetThread>();

scope.onmessage = ({ data }) => {
  const desk = new BudgetDesk(data as BudgetStart, (message) => scope.postMessage(message));
  scope.onmessage = (event) => desk.handle(event.data as ToBudgetThread);
};
