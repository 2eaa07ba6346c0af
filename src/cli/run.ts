import packageJson from "../../package.json" with { type: "json" };
import { OutputClosedError, type Terminal } from "./terminal";

/** Runs the command line `runledger …`, given without `runledger`; returns the exit code. */
export async function run(args: readonly string[], terminal: Terminal): Promise<number> {
  // Without the program, which takes longer to load than Bun takes to start.
  if (args[0] === "--version") return print(`${packageJson.version}\n`, terminal);
  if (args.length > 0 || !terminal.isTerminal) return runProgram(args, terminal);
  const { firstInsight } = await import("./first-insight");
  const text = firstInsight(process.env);
  return text === undefined ? runProgram(["report"], terminal) : print(text, terminal);
}

async function runProgram(args: readonly string[], terminal: Terminal): Promise<number> {
  const program = await import("./program");
  return program.runProgram(args, terminal);
}

async function print(text: string, terminal: Terminal): Promise<number> {
  await terminal.write(text).catch((error: unknown) => {
    if (!(error instanceof OutputClosedError)) throw error;
  });
  return 0;
}
