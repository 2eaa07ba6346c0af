import type { Command } from "commander";

/** What a shell can complete. */
export interface ProgramWords {
  readonly commands: readonly CommandWords[];
  /** Before any command. */
  readonly options: readonly OptionWords[];
}

export interface CommandWords {
  readonly name: string;
  readonly summary: string;
  readonly options: readonly OptionWords[];
  /** What its arguments can be: these words, files, or nothing. */
  readonly arguments: readonly string[] | "files";
}

export interface OptionWords {
  /** Such as `--json`. */
  readonly flag: string;
  readonly description: string;
  /** What follows it: one of these words, a name from the ledger, a file, anything, or nothing. */
  readonly value: readonly string[] | LedgerNames | "file" | "any" | "none";
}

/** Names that are looked up when needed, with `runledger completion --names KIND`. */
export interface LedgerNames {
  readonly names: NameKind;
}

/** Kinds of names, called like the options that filter by them, with their columns. */
export const NAME_KINDS = {
  repo: "repo",
  model: "model",
  provider: "provider",
  "event-type": "event_type",
  conclusion: "conclusion",
} as const;
export type NameKind = keyof typeof NAME_KINDS;

/** Placeholders of values that are files, as in `--db <path>`. */
const FILE_PLACEHOLDER = /<(path|file)>$/;

/** The words of a commander program. */
export function describeProgram(program: Command): ProgramWords {
  return { commands: program.commands.map(describeCommand), options: optionsOf(program) };
}

function describeCommand(command: Command): CommandWords {
  const [argument] = command.registeredArguments;
  return {
    name: command.name(),
    summary: command.summary(),
    options: optionsOf(command),
    arguments: argument === undefined ? [] : (argument.argChoices ?? "files"),
  };
}

function optionsOf(command: Command): OptionWords[] {
  return command
    .createHelp()
    .visibleOptions(command)
    .map(({ flags, long, description, required, argChoices }) => {
      const kind = Object.keys(NAME_KINDS).find((name): name is NameKind => long === `--${name}`);
      const other = kind === undefined ? "any" : { names: kind };
      const value = argChoices ?? (FILE_PLACEHOLDER.test(flags) ? "file" : other);
      return { flag: long ?? flags, description, value: required ? value : "none" };
    });
}
