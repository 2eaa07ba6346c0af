import { isLabelKey as isLabel } from "../record/labels";
import type { GroupKey, LabelKey } from "./types";

/** The group of executions without a label; also of those without a pull request, or without a session. */
export const NONE = "(none)";

const PREFIX = "label:";

/** Whether a value is a group key for a label. */
export function isLabelKey(key: string): key is LabelKey {
  return key.startsWith(PREFIX) && isLabel(key.slice(PREFIX.length));
}

/** The label of a key: `team` of `label:team`. */
export function labelOf(key: LabelKey): string {
  return key.slice(PREFIX.length);
}

/** The group key for a label. */
export function keyOfLabel(label: string): LabelKey {
  return `${PREFIX}${label}`;
}

/** The labels among some keys. */
export function labelsIn(keys: readonly GroupKey[]): readonly string[] {
  return keys.filter((key) => isLabelKey(key)).map(labelOf);
}

/** Adds a label that a text names, such as `team=core`, to other labels. `undefined` if the text doesn't name one. */
export function withLabel(
  values: Readonly<Record<string, readonly string[]>>,
  text: string,
): Readonly<Record<string, readonly string[]>> | undefined {
  const [, label = "", value] = /^([^=]*)=(.+)$/s.exec(text) ?? [];
  if (value === undefined || !isLabel(label)) return undefined;
  const others = Object.hasOwn(values, label) ? (values[label] ?? []) : [];
  return { ...values, [label]: [...others, value] };
}
