import { afterAll, spyOn } from "bun:test";
import { join } from "node:path";
import { ROOT } from "./docs";
import { tempDir } from "./temp-dir";

const SIGNALS = ["SIGINT", "SIGTERM"] as const;
/** No fixed port, and no key with which an example would call a model. */
const ENVIRONMENT = {
  PORT: "0",
  ANTHROPIC_API_KEY: undefined,
  AI_GATEWAY_API_KEY: undefined,
  OPENAI_API_KEY: undefined,
};

/**
 * Evaluates `examples/<name>/main.ts` in this process, offline, with a ledger of its own. Returns its exports and what
 * it printed. Its changes to the process are undone after the tests.
 */
export async function evaluateExample<Exports = object>(name: string) {
  const dbPath = join(tempDir(), "telemetry.db");
  const log = spyOn(console, "log").mockImplementation(() => {});
  const handlersBefore = SIGNALS.map((signal) => process.listeners(signal));
  afterAll(() => {
    for (const [index, signal] of SIGNALS.entries()) {
      for (const handler of process.listeners(signal)) {
        if (!handlersBefore[index]?.includes(handler)) process.off(signal, handler);
      }
    }
  });
  const undo = setEnvironment({ ...ENVIRONMENT, TELEMETRY_DB_PATH: dbPath });
  try {
    const exports: Exports = await import(join(ROOT, "examples", name, "main.ts"));
    return { exports, dbPath, printed: log.mock.calls.flat().join("\n") };
  } finally {
    log.mockRestore();
    undo();
  }
}

function setEnvironment(variables: Readonly<Record<string, string | undefined>>): () => void {
  const before = Object.keys(variables).map((name) => [name, process.env[name]] as const);
  const set = ([name, value]: readonly [string, string | undefined]) => {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  };
  Object.entries(variables).forEach(set);
  return () => before.forEach(set);
}
