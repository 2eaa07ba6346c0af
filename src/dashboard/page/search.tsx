import { useId, useRef, useState } from "preact/hooks";
import { patternOf } from "../../name-pattern";
import type { ReportJson } from "../../report/format/json";
import { usePage } from "./context";
import { useAnswer } from "./data";
import { headingOf } from "./names";
import { apiPath, daysOf, type NameFilterKey, withName } from "./state";

interface Suggestion {
  readonly key: NameFilterKey | "execution";
  readonly name: string;
  /** The filter value. Default: the name, which may be a glob. */
  readonly pattern?: string;
}

const MOST_SUGGESTIONS = 12;

/** Finds names to filter by, and executions by their ids. */
export function Search() {
  const { state, show, nowMs } = usePage();
  const [text, setText] = useState("");
  const [active, setActive] = useState(0);
  const [isOpen, setIsOpen] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const listId = useId();
  const suggestions = useSuggestions(isOpen, text, nowMs);
  const choose = ({ key, name, pattern = name }: Suggestion) => {
    setText("");
    setIsOpen(false);
    show(key === "execution" ? { ...state, open: name } : withName(state, key, pattern));
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const chosen = suggestions[active];
    if (event.key === "ArrowDown") setActive(Math.min(suggestions.length - 1, active + 1));
    else if (event.key === "ArrowUp") setActive(Math.max(0, active - 1));
    else if (event.key === "Enter" && chosen !== undefined) choose(chosen);
    else if (event.key === "Escape") {
      setText("");
      setIsOpen(false);
      input.current?.blur();
    } else return;
    event.preventDefault();
  };
  const hasList = isOpen && suggestions.length > 0;
  return (
    <div class="search">
      <input
        ref={input}
        id="search"
        type="text"
        role="combobox"
        aria-label="Filter by a name, or find an execution"
        aria-expanded={hasList}
        aria-controls={listId}
        aria-autocomplete="list"
        aria-activedescendant={hasList ? `${listId}-${active}` : undefined}
        placeholder="Filter or find  ( / )"
        autocomplete="off"
        spellcheck={false}
        value={text}
        onInput={(event) => {
          setText(event.currentTarget.value);
          setActive(0);
          setIsOpen(true);
        }}
        onFocus={() => setIsOpen(true)}
        onBlur={() => setIsOpen(false)}
        onKeyDown={onKeyDown}
      />
      <div role="listbox" id={listId} aria-label="Suggestions" hidden={!hasList}>
        {hasList &&
          suggestions.map((suggestion, index) => (
            // biome-ignore lint/a11y/useFocusableInteractive: the input keeps the focus.
            <div
              key={`${suggestion.key} ${suggestion.name}`}
              id={`${listId}-${index}`}
              role="option"
              aria-selected={index === active}
              onMouseDown={(event) => {
                event.preventDefault();
                choose(suggestion);
              }}
            >
              <span class="faint">{headingOf(suggestion.key)}</span> {suggestion.name}
            </div>
          ))}
      </div>
    </div>
  );
}

const GROUPED = [
  ["repo", "repo"],
  ["model", "model"],
  ["event-type", "eventType"],
  ["conclusion", "conclusion"],
  ["provider", "provider"],
] as const;

/** Names of this period that contain the text; and the text itself, as what it looks like and as an id. */
function useSuggestions(isOpen: boolean, text: string, nowMs: number): readonly Suggestion[] {
  const { state } = usePage();
  const { since, until } = daysOf(state, nowMs);
  const time = [...(since === undefined ? [] : [["since", since] as const]), ["until", until] as const];
  const path = (by: string) =>
    isOpen ? apiPath("api/report", time, [["by", by]], [["limit", "500"]]) : undefined;
  const summary = useAnswer<ReportJson>(isOpen ? apiPath("api/report", time) : undefined, "").data;
  const further = [
    useAnswer<ReportJson>(path("conclusion"), "").data?.groups,
    useAnswer<ReportJson>(path("provider"), "").data?.groups,
  ];
  const groups = [
    summary?.furtherGroups?.repo,
    summary?.furtherGroups?.model,
    summary?.furtherGroups?.eventType,
    ...further,
  ];
  const wanted = text.trim().toLowerCase();
  const names = GROUPED.flatMap(([key, field], index) =>
    (groups[index] ?? []).flatMap((group): Suggestion[] => {
      const name = group[field] ?? "";
      const pattern = patternOf(name);
      const isWanted = name.toLowerCase().includes(wanted) && !state.names[key].includes(pattern);
      return isWanted ? [{ key, name, pattern }] : [];
    }),
  );
  if (wanted === "") return names.slice(0, MOST_SUGGESTIONS);
  const name = text.trim();
  const typed = (key: Suggestion["key"], isMeant = true): readonly Suggestion[] =>
    isMeant ? [{ key, name }] : [];
  return [
    ...typed("label", /^[a-z][a-z0-9_]*=./.test(name)),
    ...typed("pr", /.#[\d*?]+$/.test(name)),
    ...typed("repo", /[*?]/.test(name)),
    ...names.slice(0, MOST_SUGGESTIONS),
    ...typed("session"),
    ...typed("execution"),
  ];
}
