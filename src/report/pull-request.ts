import { sql } from "kysely";
import { plainName } from "../name-pattern";
import { NONE } from "./labels";

/** How reports name a pull request: `octo-org/octo-repo#42`. */
export interface PullRequestName {
  readonly repo: string;
  readonly number: number;
}

/** The name of an execution's pull request; NULL without one. */
export const PULL_REQUEST_NAME = sql<string | null>`repo || '#' || pr_number`;

const NAME = /^(.+)#(\d{1,15})$/s;
const PATTERN = /^.+#(?:[*?]|\d){1,15}$/s;

/** Whether a text is the name or glob of pull requests, or `(none)`. */
export function isPullRequestPattern(text: string): boolean {
  return text === NONE || PATTERN.test(text);
}

/** The pull request that an exact pattern names; `undefined` for `(none)`. */
export function pullRequestNamed(text: string): PullRequestName | undefined {
  const [, repo, number] = NAME.exec(plainName(text)) ?? [];
  return repo === undefined ? undefined : { repo, number: Number(number) };
}
