export type { DashboardPluginOptions } from "../../src/dashboard/options";
export type { Dashboard, DashboardStats } from "../../src/dashboard/types";
export { dashboardPlugin } from "./plugin";
