import { Command, CommanderError } from "commander";
import packageJson from "../../package.json" with { type: "json" };
import { formatJsonLine } from "../report/format/json";
import { COMMAND_NAMES, COMMANDS, type CommandName, commandsFor } from "./commands";
import { EndedError, failureOf } from "./failure";
import { OutputClosedError, type Terminal } from "./terminal";

const DESCRIPTION = "Reads and maintains a ledger of what LLM and agent runs cost.";
const EPILOGUE = `
Exit codes: 0 done, 1 failed, 2 wrong usage. With --json, errors are JSON too.`;

/** Runs the program; returns the exit code. */
export async function runProgram(args: readonly string[], terminal: Terminal): Promise<number> {
  let help = "";
  const writeHelp = (text: string) => {
    help += text;
  };
  try {
    const program = await createProgram(terminal, writeHelp, commandsFor(args));
    await program.parseAsync([...args], { from: "user" }).catch(orHelp);
    if (help !== "") await terminal.write(help);
    return 0;
  } catch (error) {
    return exitCodeOf(error, args.includes("--json"), terminal);
  }
}

/** The program with some of its commands, or all. */
export async function createProgram(
  terminal: Terminal,
  writeHelp: (text: string) => void,
  names: readonly CommandName[] = COMMAND_NAMES,
): Promise<Command> {
  const program = new Command("runledger")
    .description(DESCRIPTION)
    .version(packageJson.version, "--version")
    .helpOption("-h, --help", "show this help")
    .exitOverride()
    .configureOutput({
      writeOut: writeHelp,
      writeErr: (text) => terminal.writeError(text),
      // `run` prints the error.
      outputError() {},
      getOutHelpWidth: () => terminal.columns,
      getErrHelpWidth: () => terminal.columns,
    })
    .addHelpText("after", EPILOGUE);
  for (const name of names) {
    const create = await COMMANDS[name]();
    program.addCommand(create(terminal).copyInheritedSettings(program));
  }
  return program;
}

/** Commander throws when it has shown help or the version. */
function orHelp(error: unknown): void {
  if (!(error instanceof CommanderError && error.exitCode === 0)) throw error;
}

function exitCodeOf(error: unknown, asJson: boolean, terminal: Terminal): number {
  if (error instanceof OutputClosedError) return 0;
  if (error instanceof EndedError) return error.exitCode;
  // No command was named: commander has shown the help.
  if (error instanceof CommanderError && error.code === "commander.help") return 2;
  const { exitCode, code, message, hint } = failureOf(error);
  const text = hint === undefined ? message : `${message} ${hint}`;
  terminal.writeError(asJson ? formatJsonLine({ error: { code, message, hint } }) : `runledger: ${text}\n`);
  return exitCode;
}
