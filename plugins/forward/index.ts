export { type ForwardOnceOptions, forwardOnce } from "../../src/forward/forward-ledger";
export type { ForwardCounts } from "../../src/forward/forward-session";
export type { ForwardReport } from "../../src/forward/forward-tally";
export type { ForwardOptions, ForwardPluginOptions } from "../../src/forward/options";
export type { Forwarding, ForwardingCloseReport, ForwardingStats } from "../../src/forward/types";
export { forwardPlugin } from "./plugin";
