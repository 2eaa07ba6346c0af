import { specialTier } from "./service-tier";
import type { Labels } from "./types";

const MOST_LABELS = 8;
/** The label for a run's service tier. Adapters add it, and it doesn't count as one of the eight. */
const SERVICE_TIER = "service_tier";
const LONGEST_VALUE = 200;
const KEY = /^[a-z][a-z0-9_]{0,31}$/;

/** What is wrong with labels: where, what was expected, and what was found. */
export interface LabelIssue {
  readonly path: readonly string[];
  readonly message: string;
  readonly input: unknown;
}

/** The text in which labels are stored and compared: JSON with its keys in order; `null` without labels. */
export function labelsText(labels: Labels | null | undefined): string | null {
  if (labels == null) return null;
  let last = "";
  let isCanonical = true;
  for (const key in labels) {
    isCanonical &&= last < key && (labels[key]?.isWellFormed() ?? false);
    last = key;
  }
  if (last === "") return null;
  if (isCanonical && Object.getPrototypeOf(labels) === Object.prototype) return JSON.stringify(labels);
  // UTF-8 can't represent an unpaired surrogate, and no database's JSON accepts its escape.
  const pairs = Object.entries(labels).map(([key, value]) => [key, value.toWellFormed()] as const);
  return JSON.stringify(Object.fromEntries(pairs.sort(([a], [b]) => (a < b ? -1 : 1))));
}

/** The labels in a stored text; none if another program stored something else. */
export function parseLabels(text: string | null): Labels | null {
  try {
    const labels: unknown = JSON.parse(text ?? "null");
    return areLabels(labels) ? labels : null;
  } catch {
    return null;
  }
}

/** Labels, with the run's service tier added as a label; `undefined` is the standard tier. */
export function withServiceTier<Given extends Labels | null | undefined>(
  labels: Given,
  serviceTier: string | undefined,
): Given | Labels {
  return serviceTier === undefined ? labels : { ...labels, [SERVICE_TIER]: serviceTier };
}

/** The service tier in the labels of a stored text, unless it is the standard one. */
export function serviceTierIn(text: string | null): string | undefined {
  return text?.includes(SERVICE_TIER) ? specialTier(parseLabels(text)?.[SERVICE_TIER]) : undefined;
}

/** Whether a text is the key of a label. */
export function isLabelKey(text: string): boolean {
  return KEY.test(text);
}

/** Whether a value is an object of labels. It runs on the host's thread for every event that has some. */
export function areLabels(value: unknown): value is Labels {
  if (typeof value !== "object" || value === null || Object.getPrototypeOf(value) !== Object.prototype)
    return false;
  let count = 0;
  for (const key in value) {
    const label = (value as Record<string, unknown>)[key];
    if (typeof label !== "string" || label === "" || label.length > LONGEST_VALUE || !KEY.test(key))
      return false;
    if (key !== SERVICE_TIER) count += 1;
  }
  return count <= MOST_LABELS;
}

/** The same for values that may be less plain; reports what is wrong. */
export function* issuesOfLabels(value: unknown): Generator<LabelIssue> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    yield { path: [], message: "an object of labels", input: value };
    return;
  }
  const labels = Object.entries(value);
  const own = labels.filter(([key]) => key !== SERVICE_TIER).length;
  if (own > MOST_LABELS) yield { path: [], message: `at most ${MOST_LABELS} labels`, input: own };
  for (const [key, label] of labels) {
    if (!KEY.test(key)) {
      const message = "keys of up to 32 lower-case letters, digits and underscores that begin with a letter";
      yield { path: [], message, input: key };
    } else if (typeof label !== "string" || label === "" || label.length > LONGEST_VALUE) {
      yield { path: [key], message: `a text of 1 to ${LONGEST_VALUE} characters`, input: label };
    }
  }
}
