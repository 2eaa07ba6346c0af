import { afterAll, beforeAll, expect, setSystemTime, test } from "bun:test";
import { join } from "node:path";
import fc from "fast-check";
import { patternOf } from "../../src/name-pattern";
import { isFailure } from "../../src/record/failure";
import { openLedger } from "../../src/report/database/open-ledger";
import { resolveFilter } from "../../src/report/filter";
import { SUMMARY_KEYS, summaryReport } from "../../src/report/summary-report";
import {
  type ExecutionFilter,
  GROUP_KEYS,
  type GroupKey,
  type NamePattern,
  type UsageGroup,
  type UsageReport,
} from "../../src/report/types";
import { usageReport } from "../../src/report/usage-report";
import { tries } from "../support/effort";
import { labelValue, type PlainQuestion, plainReport } from "../support/plain-scan";
import {
  CONCLUSIONS,
  EVENT_TYPES,
  insertSteps,
  MODELS,
  makeLedger,
  NOW,
  PROVIDERS,
  REPOS,
  steps,
  TEAMS,
  time,
} from "../support/random-ledger";
import { tempDir } from "../support/temp-dir";

const dir = tempDir();
beforeAll(() => void setSystemTime(NOW));
afterAll(() => void setSystemTime());

const GLOBS = [
  "*",
  "[*]/[?]",
  "[*]*",
  "octo-org/*",
  "octo-org/octo?repo",
  "*-repo",
  "a?b",
  "a[bc*",
  "?b",
  "*\\*",
  "????/?*",
];
const ZONES = [
  "UTC",
  "Europe/Berlin",
  "America/New_York",
  "America/St_Johns",
  "Asia/Kolkata",
  "Asia/Kathmandu",
  "Australia/Lord_Howe",
  "Pacific/Kiritimati",
];

const instant = fc.oneof(
  time,
  time.map((ms) => new Date(ms)),
  time.map((ms) => new Date(ms).toISOString()),
  time.map((ms) => new Date(ms).toISOString().slice(0, 10)),
  fc.nat(40).map((days) => `${days}d`),
  fc.nat(500).map((hours) => `${hours}h`),
);
const seldom = <Value>(value: fc.Arbitrary<Value>) =>
  fc.oneof({ weight: 4, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: value });
/** One, or several of any kind. */
const namesOf = (...names: readonly string[]): fc.Arbitrary<NamePattern> =>
  fc.oneof(fc.constantFrom(...names), fc.array(fc.constantFrom(...names), { minLength: 1, maxLength: 3 }));
const filter: fc.Arbitrary<ExecutionFilter> = fc.record({
  since: fc.option(instant, { nil: undefined }),
  until: seldom(instant),
  repo: seldom(namesOf(...REPOS, ...GLOBS)),
  model: seldom(namesOf(...MODELS, "claude-*", "*[high]", "?penai/*")),
  provider: seldom(namesOf(...PROVIDERS, "*o*")),
  eventType: seldom(namesOf(...EVENT_TYPES, "pu*")),
  conclusion: seldom(namesOf(...CONCLUSIONS, "*s", "?uccess")),
  labels: seldom(
    fc.record(
      { team: namesOf(...TEAMS, "*", "?ore", "(*"), user: namesOf("ann", "(none)") },
      { requiredKeys: [], noNullPrototype: true },
    ),
  ),
  pullRequest: seldom(
    namesOf(
      ...REPOS.flatMap((repo) => [`${patternOf(repo)}#1`, `${patternOf(repo)}#2`]),
      "*#1",
      "a?b#*",
      "(none)",
    ),
  ),
  session: seldom(namesOf("s", "?", "*", "(none)", "nobody has it")),
  failedOnly: seldom(fc.boolean()),
  timeZone: fc.constantFrom(undefined, ...ZONES),
});
const question = fc.record({
  filter,
  by: fc.shuffledSubarray(
    [
      ...GROUP_KEYS.filter((key) => key !== "ledger"),
      "label:team",
      "label:user",
      "label:nobody_has_it",
    ] as const,
    { maxLength: 2 },
  ),
  exact: fc.boolean(),
});

test.each([
  ["of our design, purged and shared with an older program", "ours", steps, tries(25, 500)],
  ["of the earlier design", "earlier", insertSteps, tries(10, 200)],
] as const)(
  "every field of any report of any ledger %s equals a plain scan",
  async (_, design, anySteps, numRuns) => {
    let file = 0;
    await fc.assert(
      fc.asyncProperty(
        anySteps,
        fc.array(question, { minLength: 1, maxLength: 6 }),
        async (steps, questions) => {
          file += 1;
          const dbPath = join(dir, `${design}-${file}.db`);
          const recorded = makeLedger(dbPath, steps, design);
          await using ledger = await openLedger(dbPath);
          for (const { filter, by, exact } of questions) {
            const report = await usageReport(ledger, { ...inOrder(filter), by, exact });
            expectEqual([report.totals], plainReport(recorded, plainQuestion(report, [])), []);
            if (by.length > 0)
              expectEqual(report.groups, plainReport(recorded, plainQuestion(report, by)), by);
          }
          const [{ filter }] = questions as [(typeof questions)[0] & {}];
          const summary = await summaryReport(ledger, inOrder(filter));
          expectEqual([summary.totals], plainReport(recorded, plainQuestion(summary, [])), []);
          for (const key of SUMMARY_KEYS) {
            expectEqual(summary.groups[key], plainReport(recorded, plainQuestion(summary, [key])), [key]);
          }
        },
      ),
      { numRuns },
    );
  },
  120_000,
);

/** Without `until`, where it is not after `since`. */
function inOrder(filter: ExecutionFilter): ExecutionFilter {
  try {
    resolveFilter(filter);
    return filter;
  } catch {
    return { ...filter, until: undefined };
  }
}

function plainQuestion(
  { filter, purgedBefore }: Pick<UsageReport, "filter" | "purgedBefore">,
  by: readonly GroupKey[],
): PlainQuestion {
  return {
    fromMs: filter.since === null ? Number.NEGATIVE_INFINITY : Date.parse(filter.since),
    toMs: filter.until === null ? Number.POSITIVE_INFINITY : Date.parse(filter.until),
    timeZone: filter.timeZone,
    purgedBeforeMs: purgedBefore === null ? Number.NEGATIVE_INFINITY : Date.parse(purgedBefore),
    by,
    hasNames: (row) =>
      isLike(row.repo, filter.repo) &&
      isLike(row.model, filter.model) &&
      isLike(row.provider, filter.provider) &&
      isLike(row.event_type, filter.eventType) &&
      isLike(row.conclusion, filter.conclusion) &&
      isLikeOrLacks(row.pr_number === null ? null : `${row.repo}#${row.pr_number}`, filter.pullRequest) &&
      isLikeOrLacks(row.session_id, filter.session) &&
      (!filter.failedOnly || isFailure(row.conclusion)) &&
      Object.entries(filter.labels ?? {}).every(([label, pattern]) => {
        return isLikeOrLacks(labelValue(row, label) ?? null, pattern);
      }),
    isNamed:
      filter.failedOnly ||
      [filter.repo, filter.model, filter.provider, filter.eventType, filter.conclusion].some(
        (pattern) => pattern !== null,
      ),
    labels: Object.keys(filter.labels ?? {}),
    isOfRows: filter.pullRequest !== null || filter.session !== null,
  };
}

function isLike(name: string, pattern: NamePattern | null): boolean {
  return pattern === null || [pattern].flat().some((glob) => matchesGlob(name, glob));
}

/** What is not there is `(none)`. */
function isLikeOrLacks(name: string | null, pattern: NamePattern | null): boolean {
  return name === null ? pattern === null || [pattern].flat().includes("(none)") : isLike(name, pattern);
}

function matchesGlob(name: string, glob: string): boolean {
  const pattern = glob
    .split(/(\[[*?[]\])/)
    .map((part, index) =>
      index % 2 === 1
        ? `\\${part[1]}`
        : part
            .replace(/[\\^$+.()|[\]{}/]/g, "\\$&")
            .replaceAll("*", ".*")
            .replaceAll("?", "."),
    )
    .join("");
  return new RegExp(`^${pattern}$`, "su").test(name);
}

/** The same groups in a right order; what was added up in another order may differ in its last digits. */
function expectEqual(
  actual: readonly UsageGroup[],
  expected: readonly UsageGroup[],
  by: readonly GroupKey[],
): void {
  const idOf = (group: UsageGroup) => JSON.stringify(by.map((key) => group[key]));
  const sorted = (groups: readonly UsageGroup[]) => groups.toSorted((a, b) => (idOf(a) < idOf(b) ? -1 : 1));
  expect(sorted(actual).map(rounded)).toEqual(sorted(expected).map(rounded));
  const times = by.filter((key) => key === "day" || key === "week" || key === "month");
  const timeOf = (group: UsageGroup) => times.map((key) => group[key]).join(" ");
  for (const [index, group] of actual.slice(1).entries()) {
    const before = actual[index] ?? group;
    expect(timeOf(before) <= timeOf(group)).toBe(true);
    if (timeOf(before) === timeOf(group)) expect(before.costUsd).toBeGreaterThanOrEqual(group.costUsd);
  }
}

function rounded({ unusual: _, ...group }: UsageGroup): object {
  return Object.fromEntries(
    Object.entries(group).map(([field, value]) => [
      field,
      typeof value === "number" && /Usd$|CostShare$/.test(field) ? value.toPrecision(9) : value,
    ]),
  );
}
