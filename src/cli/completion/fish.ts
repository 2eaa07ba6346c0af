import type { CommandWords, OptionWords, ProgramWords } from "./words";

/** A completion script for fish. */
export function fishCompletion({ commands, options }: ProgramWords): string {
  const lines = [
    "# fish completion for runledger",
    "complete -c runledger -f",
    ...options.map((option) => complete("__fish_use_subcommand", optionWords(option))),
    ...commands.flatMap(commandLines),
  ];
  return `${lines.join("\n")}\n`;
}

function commandLines({ name, summary, options, arguments: words }: CommandWords): string[] {
  const isNamed = `__fish_seen_subcommand_from ${name}`;
  return [
    complete("__fish_use_subcommand", `-a ${name} -d ${quote(summary)}`),
    ...options.map((option) => complete(isNamed, optionWords(option))),
    ...(words === "files" ? [complete(isNamed, "-F")] : words.map((word) => complete(isNamed, `-a ${word}`))),
  ];
}

function complete(condition: string, words: string): string {
  return `complete -c runledger -n ${quote(condition)} ${words}`;
}

function optionWords({ flag, description, value }: OptionWords): string {
  const words = `-l ${flag.replace(/^--/, "")} -d ${quote(description)}`;
  if (value === "none") return words;
  if (value === "any") return `${words} -x`;
  if (value === "file") return `${words} -r -F`;
  const offered =
    "names" in value ? `(runledger completion --names ${value.names} 2>/dev/null)` : value.join(" ");
  return `${words} -x -a ${quote(offered)}`;
}

function quote(text: string): string {
  return `'${text.replace(/['\\]/g, "\\$&")}'`;
}
