import { isLabelKey } from "./labels";
import { GROUP_KEYS, type GroupKey } from "./types";

/**
 * The one or two group keys in a text such as `repo,model`; option spelling such as `event-type` works too. `undefined`
 * if the text names anything else.
 */
export function groupKeysIn(text: string): readonly GroupKey[] | undefined {
  const wanted = text.split(",").map((name) => name.trim());
  const keys = wanted.flatMap((name) => (isLabelKey(name) ? name : (keyNamed(name) ?? [])));
  const areKeys = keys.length === wanted.length && keys.length <= 2 && keys[0] !== keys[1];
  return areKeys ? keys : undefined;
}

function keyNamed(name: string): GroupKey | undefined {
  return GROUP_KEYS.find((key) => key.toLowerCase() === name.replace("-", "").toLowerCase());
}
