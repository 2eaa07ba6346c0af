import { Argument, Command } from "commander";
import { bashCompletion } from "./completion/bash";
import { fishCompletion } from "./completion/fish";
import { describeProgram } from "./completion/words";
import { zshCompletion } from "./completion/zsh";
import { examples } from "./options";
import type { Terminal } from "./terminal";

const SHELLS = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion } as const;

/** `runledger completion` */
export function completionCommand(terminal: Terminal): Command {
  return new Command("completion")
    .summary("a script by which a shell completes commands and options")
    .description(
      'Prints a script for a shell. bash: add eval "$(runledger completion bash)" to ~/.bashrc. zsh: write it to a file _runledger in a folder of $fpath. fish: write it to ~/.config/fish/completions/runledger.fish.',
    )
    .addArgument(new Argument("<shell>", "whose script").choices(Object.keys(SHELLS)))
    .addHelpText("after", examples("runledger completion bash", "runledger completion fish > runledger.fish"))
    .action(async (shell: keyof typeof SHELLS, _: object, command: Command) => {
      await terminal.write(SHELLS[shell](describeProgram(command.parent ?? command)));
    });
}
