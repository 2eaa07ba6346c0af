import { quoted } from "../../shell-words";
import type { CommandWords, OptionWords, ProgramWords } from "./words";

/** A completion script for zsh. */
export function zshCompletion({ commands, options }: ProgramWords): string {
  return `#compdef runledger
_runledger_names() {
  local -a db
  [[ -n $opt_args[--db] ]] && db=(--db $opt_args[--db])
  compadd -- \${(f)"$(runledger completion --names $1 $db 2>/dev/null)"}
}
_runledger() {
  local -a commands
  commands=(
${commands.map(({ name, summary }) => `    ${quoted(`${name}:${summary.replaceAll(":", "\\:")}`)}`).join("\n")}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    _arguments ${options.map(specOf).join(" ")}
    return
  fi
  local name=$words[2]
  shift words
  (( CURRENT-- ))
  case $name in
${commands.map(caseOf).join("\n")}
  esac
}
if [ "$funcstack[1]" = _runledger ]; then _runledger "$@"; else compdef _runledger runledger; fi
`;
}

function caseOf({ name, options, arguments: words }: CommandWords): string {
  const rest =
    words === "files" ? ["'*:file:_files'"] : words.length > 0 ? [`'1:argument:(${words.join(" ")})'`] : [];
  return `    ${name}) _arguments ${[...options.map(specOf), ...rest].join(" ")} ;;`;
}

function specOf({ flag, description, value }: OptionWords): string {
  const text = `${flag}[${description.replace(/[[\]:\\]/g, "\\$&")}]`;
  if (value === "none") return quoted(text);
  if (value === "any") return quoted(`${text}:value: `);
  if (value === "file") return quoted(`${text}:value:_files`);
  return quoted(
    `${text}:value:${"names" in value ? ` _runledger_names ${value.names}` : `(${value.join(" ")})`}`,
  );
}
