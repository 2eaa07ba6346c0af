import packageJson from "../../package.json" with { type: "json" };
import { OutputClosedError, type Terminal } from "./terminal";

/** Runs the command line `runledger …`, given without `runledger`; returns the exit code. */
export async function run(args: readonly string[], terminal: Terminal): Promise<number> {
  // Without the program, which takes longer to load than Bun to start.
  if (args[0] === "--version") return printVersion(terminal);
  const { runProgram } = await import("./program");
  return runProgram(args, terminal);
}

async function printVersion(terminal: Terminal): Promise<number> {
  await terminal.write(`${packageJson.version}\n`).catch((error: unknown) => {
    if (!(error instanceof OutputClosedError)) throw error;
  });
  return 0;
}
