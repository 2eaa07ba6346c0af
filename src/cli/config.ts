import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, resolve } from "node:path";
import { checkPluginOptions } from "../budget/check-options";
import type { RunledgerConfig } from "../budget/options";
import { messageOf } from "../describe";
import { RunledgerError } from "../errors";

/** The configuration file, looked for in the working directory. */
export const CONFIG_FILE = "runledger.config.ts";

/**
 * Loads a configuration file; a relative `dbPath` in it is resolved against the file's folder.
 *
 * @throws {RunledgerError} `INVALID_OPTION` if there is none, it can't be loaded, or an option in it is wrong.
 */
export function loadConfig(file: string): RunledgerConfig {
  const path = resolve(file);
  if (!existsSync(path)) {
    throw new RunledgerError("INVALID_OPTION", `There is no configuration file ${file}.`, {
      hint: "Name one with --config; docs/budgets.md says what is in it.",
    });
  }
  const config = checkPluginOptions(defaultExportOf(path, file), file);
  const { dbPath } = config;
  return dbPath === undefined ? config : { ...config, dbPath: resolve(dirname(path), dbPath) };
}

function defaultExportOf(path: string, file: string): RunledgerConfig {
  let module: { readonly default?: RunledgerConfig };
  try {
    module = createRequire(path)(path);
  } catch (cause) {
    throw new RunledgerError("INVALID_OPTION", `${file} can't be loaded: ${messageOf(cause)}`, { cause });
  }
  if (module.default !== undefined) return module.default;
  throw new RunledgerError("INVALID_OPTION", `${file}: expected a default export, received none.`);
}
