import type { CommandWords, LedgerNames, OptionWords, ProgramWords } from "./words";

/** A completion script for bash 3.2 and newer. */
export function bashCompletion({ commands, options }: ProgramWords): string {
  const names = commands.map(({ name }) => name);
  return `# bash completion for runledger
_runledger_names() {
  local at db=()
  for ((at = 1; at < COMP_CWORD; at++)); do
    if [ "\${COMP_WORDS[at]}" = --db ]; then db=(--db "\${COMP_WORDS[at+1]}"); fi
  done
  "\${COMP_WORDS[0]}" completion --names "$1" "\${db[@]}" 2>/dev/null
}
_runledger() {
  # Names of files may have spaces in them.
  local IFS=$'\\n'
  local word="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}"
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    ${offer([...names, ...flagsOf(options)])}
    return
  fi
  case "\${COMP_WORDS[1]}" in
${commands.map(caseOf).join("\n")}
  esac
}
complete -F _runledger runledger
`;
}

const OFFER_FILES = 'compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -f -- "$word"))';

function caseOf({ name, options, arguments: words }: CommandWords): string {
  const takingAny = flagsOf(options.filter(({ value }) => value === "any"));
  const lines = [
    ...(takingAny.length > 0 ? [`${takingAny.join("|")}) return ;;`] : []),
    ...options.flatMap(({ flag, value }) => offerValue(flag, value)),
  ];
  const afterOption =
    lines.length === 0
      ? ""
      : `      case "$previous" in\n${lines.map((line) => `        ${line}\n`).join("")}      esac\n`;
  return `    ${name})
${afterOption}      case "$word" in
        -*) ${offer(flagsOf(options))} ;;
        *) ${words === "files" ? OFFER_FILES : offer(words)} ;;
      esac
      ;;`;
}

function offerValue(flag: string, value: OptionWords["value"]): string[] {
  if (value === "none" || value === "any") return [];
  return [`${flag}) ${offerOf(value)}; return ;;`];
}

function offerOf(value: readonly string[] | LedgerNames | "file"): string {
  if (value === "file") return OFFER_FILES;
  if (!("names" in value)) return offer(value);
  return `COMPREPLY=($(compgen -W "$(_runledger_names ${value.names})" -- "$word"))`;
}

function offer(words: readonly string[]): string {
  return words.length === 0 ? ":" : `COMPREPLY=($(compgen -W $'${words.join("\\n")}' -- "$word"))`;
}

function flagsOf(options: readonly OptionWords[]): string[] {
  return options.map(({ flag }) => flag);
}
