import { Argument, Command, Option } from "commander";
import { RunledgerError } from "../errors";
import { bashCompletion } from "./completion/bash";
import { fishCompletion } from "./completion/fish";
import { namesIn } from "./completion/names";
import { describeProgram, NAME_KINDS, type NameKind } from "./completion/words";
import { zshCompletion } from "./completion/zsh";
import { addDbOption, type DbOption, dbPathOf } from "./db-option";
import { examples } from "./options";
import type { Terminal } from "./terminal";

const SHELLS = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion } as const;

type Shell = keyof typeof SHELLS;

interface Options extends DbOption {
  readonly names?: NameKind;
}

/** `runledger completion` */
export function completionCommand(terminal: Terminal): Command {
  const command = new Command("completion")
    .summary("print a completion script for a shell")
    .description(
      'Prints a completion script for a shell. bash: add eval "$(runledger completion bash)" to ~/.bashrc. zsh: write it to a file _runledger in a folder of $fpath. fish: write it to ~/.config/fish/completions/runledger.fish.',
    )
    .addArgument(new Argument("[shell]", "which shell").choices(Object.keys(SHELLS)))
    .addOption(
      new Option("--names <kind>", "print the ledger's names instead, for the scripts").choices(
        Object.keys(NAME_KINDS),
      ),
    )
    .addHelpText(
      "after",
      examples("runledger completion bash", "runledger completion fish > runledger.fish"),
    );
  return addDbOption(command).action((shell: Shell | undefined, options: Options) =>
    complete(shell, options, command.parent ?? command, terminal),
  );
}

async function complete(
  shell: Shell | undefined,
  options: Options,
  program: Command,
  terminal: Terminal,
): Promise<void> {
  if (options.names !== undefined) {
    const names = await namesIn(dbPathOf(options), options.names);
    await terminal.write(names.map((name) => `${name}\n`).join(""));
  } else if (shell !== undefined) {
    await terminal.write(SHELLS[shell](describeProgram(program)));
  } else {
    throw new RunledgerError("INVALID_ARGUMENT", `Name a shell: ${Object.keys(SHELLS).join(", ")}.`);
  }
}
