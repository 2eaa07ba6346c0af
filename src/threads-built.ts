import { existsSync } from "node:fs";
import type { THREADS as SOURCES } from "./threads";

/**
 * Entry points of the threads in the published package. Each is a file beside the one that contains this code. In a
 * bundled application the file is missing, because a bundler does not know that it is needed. But bundlers do include
 * the file's text, from which a thread can be started too.
 */
export const THREADS: typeof SOURCES = {
  writer: () => begin("./runledger-writer.js", () => require("./runledger-writer.js")),
  forwarder: () => begin("./runledger-forwarder.js", () => require("./runledger-forwarder.js")),
  dashboard: () => begin("./runledger-dashboard.js", () => require("./runledger-dashboard.js")),
  budgets: () => begin("./runledger-budgets.js", () => require("./runledger-budgets.js")),
};

function begin(file: string, load: () => { readonly default: string }): string {
  const url = new URL(file, import.meta.url);
  if (existsSync(Bun.fileURLToPath(url))) return url.href;
  return URL.createObjectURL(new Blob([load().default], { type: "text/javascript" }));
}
