import { isLabelKey as isLabel } from "../record/labels";
import type { GroupKey, LabelKey } from "./types";

/** What executions without a label are grouped under; also those without a pull request, or without a session. */
export const NONE = "(none)";

const PREFIX = "label:";

/** Whether something is a key by which executions are grouped by a label. */
export function isLabelKey(key: string): key is LabelKey {
  return key.startsWith(PREFIX) && isLabel(key.slice(PREFIX.length));
}

/** The label of a key: `team` of `label:team`. */
export function labelOf(key: LabelKey): string {
  return key.slice(PREFIX.length);
}

/** The key by which executions are grouped by a label. */
export function keyOfLabel(label: string): LabelKey {
  return `${PREFIX}${label}`;
}

/** The labels among some keys. */
export function labelsIn(keys: readonly GroupKey[]): readonly string[] {
  return keys.filter((key) => isLabelKey(key)).map(labelOf);
}

/** Values of labels, with one more that a text names: `team=core`. `undefined` when it names none. */
export function withLabel(
  values: Readonly<Record<string, readonly string[]>>,
  text: string,
): Readonly<Record<string, readonly string[]>> | undefined {
  const [, label = "", value] = /^([^=]*)=(.+)$/s.exec(text) ?? [];
  if (value === undefined || !isLabel(label)) return undefined;
  const others = Object.hasOwn(values, label) ? (values[label] ?? []) : [];
  return { ...values, [label]: [...others, value] };
}
