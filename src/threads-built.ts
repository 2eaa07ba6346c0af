import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { THREADS as SOURCES } from "./threads";

/**
 * Where our threads begin in the published package. Each is a file of its own beside the one that this code is in. Once
 * an application was bundled that is no longer so: a bundler does not know that the file is needed. But it does bundle
 * the file's text, which a thread can be started from too.
 */
export const THREADS: typeof SOURCES = {
  writer: () => begin("./runledger-writer.js", () => require("./runledger-writer.js")),
  forwarder: () => begin("./runledger-forwarder.js", () => require("./runledger-forwarder.js")),
};

function begin(file: string, load: () => { readonly default: string }): string {
  const url = new URL(file, import.meta.url);
  if (existsSync(fileURLToPath(url))) return url.href;
  return URL.createObjectURL(new Blob([load().default], { type: "text/javascript" }));
}
