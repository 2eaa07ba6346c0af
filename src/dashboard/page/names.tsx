import { patternOf } from "../../name-pattern";
import type { GroupKey, LabelKey } from "../../report/types";
import { usePage } from "./context";
import { TextButton } from "./parts";
import { type NameFilterKey, withName } from "./state";

const FILTERS: { readonly [Key in GroupKey]?: NameFilterKey } = {
  repo: "repo",
  model: "model",
  provider: "provider",
  eventType: "event-type",
  conclusion: "conclusion",
  pr: "pr",
  session: "session",
  ledger: "ledger",
};

/** The filter for the names of a key. */
export function filterKeyOf(key: GroupKey): NameFilterKey | undefined {
  return key.startsWith("label:") ? "label" : FILTERS[key];
}

/** A name as an exact filter value; for a label, including the label. */
export function filterName(key: GroupKey, name: string): string {
  const pattern = patternOf(name);
  return key.startsWith("label:") ? `${(key as LabelKey).slice("label:".length)}=${pattern}` : pattern;
}

const HEADINGS: { readonly [key: string]: string } = {
  repo: "repository",
  eventType: "event type",
  "event-type": "event type",
  pr: "pull request",
};

/** A key's name in headings. */
export function headingOf(key: string): string {
  return HEADINGS[key] ?? key.replace(/^label:/, "label ");
}

/** A name that filters when it is clicked. */
export function FilterButton({
  filter,
  groupKey,
  name,
}: {
  readonly filter: NameFilterKey | undefined;
  readonly groupKey: GroupKey;
  readonly name: string;
}) {
  const { state, show } = usePage();
  if (filter === undefined || name === "") return <span title={name}>{name}</span>;
  const value = filterName(groupKey, name);
  const isActive = state.names[filter].includes(value);
  return (
    <TextButton
      title={isActive ? `no longer only ${name}` : `only ${name}`}
      onClick={() => show(withName(state, filter, value))}
    >
      {name}
    </TextButton>
  );
}
