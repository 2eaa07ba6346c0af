import * as z from "zod/mini";
import { namesIn } from "../name-pattern";
import { isLabelKey } from "../record/labels";
import { isPullRequestPattern } from "./pull-request";
import { zoneNamed } from "./time-zone";
import type { NamePattern } from "./types";

// Shared by the filters of reports and budgets.
// The message of each check names what it expects; `explain` builds the sentence.
const NAME = "a non-empty string, or several";
const LABELS = "an object of labels";
const LABEL_KEYS = "keys of labels, such as team or prompt_version";
const PULL_REQUEST = "pull requests such as octo-org/octo-repo#42";
const ZONE = "the name of a time zone, such as Europe/Berlin, or local";

const oneName = z.string(NAME).check(z.minLength(1, NAME));
const severalNames = z.pipe(
  z.array(oneName).check(z.minLength(1, NAME)),
  z.transform((names: string[]) => oneAsItself(names)),
);
/** A name or glob, or several. */
export const nameOption = z.optional(z.union([oneName, severalNames], NAME));
/** Pull requests, as reports name them. */
export const pullRequestOption = z.pipe(
  nameOption,
  z.transform((names, { issues }) => {
    for (const input of namesIn(names)) {
      if (!isPullRequestPattern(input)) issues.push({ code: "custom", message: PULL_REQUEST, input });
    }
    return names;
  }),
);
/** Names by label. */
export const labelsOption = z.optional(
  z.record(z.string(), z.union([oneName, severalNames], NAME), LABELS).check(({ value, issues }) => {
    for (const input of Object.keys(value)) {
      if (!isLabelKey(input)) issues.push({ code: "custom", message: LABEL_KEYS, input });
    }
  }),
);
/** The name of a time zone, normalised to its usual spelling. */
export const timeZoneOption = z.pipe(
  z.string(ZONE),
  z.transform((text, context) => {
    const zone = zoneNamed(text);
    if (zone !== undefined) return zone;
    context.issues.push({ code: "custom", message: ZONE, input: text });
    return z.NEVER;
  }),
);

/** A list of one name is replaced by that name. */
function oneAsItself(names: readonly string[]): NamePattern {
  const [name, ...more] = names;
  return name !== undefined && more.length === 0 ? name : names;
}
