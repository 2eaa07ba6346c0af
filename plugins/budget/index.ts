export type { BudgetAlert } from "../../src/app/events";
export { type BudgetReport, type BudgetReportEntry, budgetReport } from "../../src/budget/budget-report";
export type { BudgetPluginOptions, RunledgerConfig, WebhookOptions } from "../../src/budget/options";
export type {
  Budget,
  BudgetCheck,
  BudgetHold,
  BudgetMatch,
  BudgetOptions,
  BudgetState,
  BudgetStats,
  Budgets,
  EachKey,
  PeriodLength,
  Spender,
} from "../../src/budget/types";
export { budgetPlugin } from "./plugin";
