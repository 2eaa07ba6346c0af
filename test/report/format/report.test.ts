import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { createStyles } from "../../../src/cli/style";
import { arrangeGroups, SORT_KEYS, type SortKey, withGaps } from "../../../src/report/format/groups";
import { formatJson } from "../../../src/report/format/json";
import { formatGroupsMarkdown, formatSummaryMarkdown } from "../../../src/report/format/markdown";
import { formatGroupsText, formatSummaryText } from "../../../src/report/format/text";
import { formatUsageCsv } from "../../../src/report/format/usage-csv";
import type { GroupKey, UsageGroup } from "../../../src/report/types";
import { reportHead, usageOf } from "../../support/usage";

const plain = { columns: 80, styles: createStyles(false) };

function modelsNamed(...names: readonly string[]): readonly UsageGroup[] {
  return names.map((model) => ({ model, ...usageOf() }));
}

function tablesOf(name: string) {
  return {
    day: withGaps(arrangeGroups(["day"], [{ day: "2026-10-01", ...usageOf() }])),
    repo: arrangeGroups(["repo"], [{ repo: name, ...usageOf() }]),
    model: arrangeGroups(["model"], modelsNamed(name)),
    eventType: arrangeGroups(["eventType"], [{ eventType: name, ...usageOf() }]),
  };
}

function linesOf(text: string): readonly string[] {
  return text.trimEnd().split("\n");
}

const anyName = fc.oneof(
  fc.string({ unit: "binary", minLength: 1, maxLength: 120 }),
  fc.constantFrom(
    "evil\x1b[2J\x1b[31m",
    "two\nlines",
    "|---|",
    "</td><script>",
    "日本語/リポジトリ",
    "👩‍👩‍👧‍👦/family",
    "`code` **bold** [link](x)",
    "\\|",
  ),
);

describe("text", () => {
  test("puts what is less sure behind the figures", () => {
    const totals = usageOf({
      estimatedCostUsd: 0.1,
      withoutCost: 2,
      withoutUsage: 3,
      executions: 40_000,
      durationSample: 10_000,
    });
    const text = formatSummaryText(reportHead({ totals }), tablesOf("m"), plain);
    expect(text).toContain("0.1000 estimated");
    expect(text).toContain("2 without cost");
    expect(text).toContain("3 without usage");
    expect(text).toContain("(latest 10,000)");
  });

  test("says of which executions the percentiles of event types are, where these are not all", () => {
    const totals = usageOf({ executions: 20_000, durationSample: 10_000 });
    const text = formatSummaryText(reportHead({ totals }), tablesOf("m"), plain);
    expect(text).toContain("By event type (percentiles: latest 10,000)\n");
    expect(formatSummaryText(reportHead(), tablesOf("m"), plain)).not.toContain("latest");
  });

  test("shows no number where nothing is known", () => {
    const usage = usageOf({
      withoutCost: 10,
      costUsd: 0,
      withoutUsage: 10,
      inputTokens: 0,
      outputTokens: 0,
      cacheReadTokens: 0,
      cacheCreationTokens: 0,
      cacheHitShare: null,
      costPerExecutionUsd: null,
      withoutTurns: 10,
      withoutDuration: 10,
      durationMs: 0,
      averageDurationMs: null,
      p50DurationMs: null,
      p95DurationMs: null,
      p99DurationMs: null,
    });
    const table = arrangeGroups(["model"], [{ model: "m", ...usage }]);
    const text = formatGroupsText(reportHead({ totals: usage }), table, { ...plain, columns: 200 });
    const row = linesOf(text).find((line) => line.startsWith("m "));
    expect(row?.split(/ {2,}/)).toEqual([
      ..."m 10 1".split(" "),
      "10.0 %",
      ..."– – – – – –".split(" "),
      "–",
      ..."– – – – – –".split(" "),
    ]);
  });

  test("names the filters, and the notes at the end", () => {
    const { filter } = reportHead();
    const report = reportHead({
      filter: { ...filter, repo: "octo-org/*", eventType: "push" },
      notes: ["Something was purged."],
    });
    const text = formatGroupsText(report, arrangeGroups(["model"], modelsNamed("m")), plain);
    expect(linesOf(text)[1]).toBe("./data/telemetry.db · repo octo-org/* · event type push");
    expect(text).toEndWith("\nSomething was purged.\n");
  });

  test("sums up what is not shown, in a row that says how much that is", () => {
    const names = (limit: number) =>
      linesOf(
        formatGroupsText(
          reportHead(),
          arrangeGroups(["model"], modelsNamed("a", "b", "c"), { limit }),
          plain,
        ),
      )
        .slice(5, -3)
        .map((line) => line.split("  ")[0]);
    expect(names(1)).toEqual(["a", "2 others"]);
    expect(names(2)).toEqual(["a", "b", "1 other"]);
    expect(names(3)).toEqual(["a", "b", "c"]);
  });

  test("says of which time others are", () => {
    const groups = ["2026-01", "2026-02"].flatMap((month) =>
      ["a", "b", "c"].map((model) => ({ month, model, ...usageOf() })),
    );
    const rows = (by: readonly GroupKey[]) =>
      linesOf(formatGroupsText(reportHead(), arrangeGroups(by, groups, { limit: 1 }), plain))
        .slice(5, -3)
        .map((line) => line.split(/ {2,}/).slice(0, 2).join(" "));
    expect(rows(["month", "model"])).toEqual([
      "2026-01 a",
      "2026-01 2 others",
      "2026-01 total",
      "2026-02 a",
      "2026-02 2 others",
      "2026-02 total",
    ]);
    expect(rows(["model", "month"])).toEqual([
      "a 2026-01",
      "2 others 2026-01",
      "total 2026-01",
      "a 2026-02",
      "2 others 2026-02",
      "total 2026-02",
    ]);
  });

  test("keeps what it is sorted by, and leaves out first what says least", () => {
    const tokens = { inputTokens: 0, outputTokens: 0, cacheReadTokens: 0, cacheCreationTokens: 0 };
    const unknown = { ...tokens, withoutUsage: 10, cacheHitShare: null, averageDurationMs: null };
    const durations = { p50DurationMs: null, p95DurationMs: null, p99DurationMs: null };
    const usage = usageOf({
      ...unknown,
      ...durations,
      withoutCost: 10,
      costUsd: 0,
      costPerExecutionUsd: null,
    });
    const groups = [1, 2, 3].map((index) => ({ model: `some-model-of-a-long-name-${index}`, ...usage }));
    const head = (sort: SortKey, some: readonly UsageGroup[] = groups, columns = 60) =>
      linesOf(
        formatGroupsText(reportHead(), arrangeGroups(["model"], some, { sort }), { ...plain, columns }),
      )[3]
        ?.split(/ {2,}/)
        .join(", ");
    expect(head("failures")).toBe("model, executions, failed, rate, turns");
    // One that is known keeps the column of costs, unless others have to go for what was asked.
    const withCost = [{ model: "m", ...usage, withoutCost: 9 }, ...groups];
    expect(head("failures", withCost)).toBe("model, executions, failed, rate, cost USD");
    expect(head("p95")).toBe("model, executions, failed, rate, p95");
  });

  test.each([...SORT_KEYS.filter((key) => key !== "name")])(
    "sorted by %s, shows it in a summary too",
    (sort) => {
      const table = (key: GroupKey) =>
        arrangeGroups([key], [{ [key]: "2026-10-01", ...usageOf() }], { sort });
      const tables = {
        day: table("day"),
        repo: table("repo"),
        model: table("model"),
        eventType: table("eventType"),
      };
      const header =
        {
          "failure-rate": "rate",
          failures: "failed",
          "cache-read": "cache read",
          "cache-write": "cache write",
          cost: "cost USD",
          duration: "average",
        }[sort as string] ?? sort;
      const heads = linesOf(formatSummaryText(reportHead(), tables, plain)).filter((line) =>
        /executions {2}failed/.test(line),
      );
      expect(heads).toHaveLength(4);
      for (const head of heads) expect(head).toContain(header);
    },
  );

  test("is coloured where it shall be, without a change of the text", () => {
    const table = arrangeGroups(["model"], modelsNamed("m"));
    const coloured = formatGroupsText(reportHead(), table, { columns: 80, styles: createStyles(true) });
    expect(coloured).toContain("\x1b[31m     1\x1b[39m");
    expect(Bun.stripANSI(coloured)).toBe(formatGroupsText(reportHead(), table, plain));
  });

  test.each([42, 60, 80, 100, 120, 200])("fits %d columns, whatever the names are", (columns) => {
    fc.assert(
      fc.property(anyName, (name) => {
        const options = { ...plain, columns };
        const texts = [
          formatSummaryText(reportHead(), tablesOf(name), options),
          formatGroupsText(reportHead(), arrangeGroups(["model"], modelsNamed(name)), options),
        ];
        for (const line of texts.flatMap(linesOf)) expect(Bun.stringWidth(line)).toBeLessThanOrEqual(columns);
      }),
    );
  });

  test("lets no name move the cursor", () => {
    fc.assert(
      fc.property(anyName, (name) => {
        const { filter } = reportHead();
        const report = reportHead({ filter: { ...filter, repo: name }, ledger: name, notes: [name] });
        const text = formatSummaryText(report, tablesOf(name), plain);
        expect(text).not.toMatch(/(?!\n)\p{Cc}/u);
      }),
    );
  });

  test("has all of a name, also where it is wrapped", () => {
    const name = "an-organization-with-a-long-name/and-a-repository-with-a-name-that-is-longer-still";
    const text = formatGroupsText(reportHead(), arrangeGroups(["model"], modelsNamed(name)), plain);
    const cells = linesOf(text).map((line) => line.split("  ")[0]);
    expect(cells.join("")).toContain(name);
  });
});

describe("Markdown", () => {
  test("has the same number of cells in each row of a table, whatever the names are", () => {
    fc.assert(
      fc.property(anyName, (name) => {
        const markdown = formatGroupsMarkdown(reportHead(), arrangeGroups(["model"], modelsNamed(name)));
        const rows = linesOf(markdown).filter((line) => line.startsWith("|"));
        expect(rows).toHaveLength(4);
        const cells = rows.map((row) => row.replace(/\\./g, "").split("|").length);
        expect(new Set(cells).size).toBe(1);
      }),
    );
  });

  test("takes nothing in a name for markup", () => {
    const markdown = formatSummaryMarkdown(reportHead(), tablesOf("<b>*a*|`b`\n[c]"));
    expect(markdown).toContain("| \\<b\\>\\*a\\*\\|\\`b\\`\\\\u{a}\\[c\\] |");
  });
});

describe("JSON", () => {
  test("has no control character, and loses none", () => {
    fc.assert(
      fc.property(anyName, (name) => {
        const report = {
          ...reportHead(),
          by: ["model"] as const,
          groups: modelsNamed(`\u007F\u009B${name}`),
        };
        const json = formatJson(report);
        expect(json).not.toMatch(/(?!\n)\p{Cc}/u);
        expect(JSON.parse(json)).toEqual(report);
      }),
    );
  });
});

describe("CSV", () => {
  test("is one table under the names that JSON has", () => {
    const groups = [{ day: "2026-10-01", model: "a,b", ...usageOf({ failureRate: null }) }];
    const [header = "", row = "", ...rest] = formatUsageCsv(arrangeGroups(["day", "model"], groups)).split(
      "\r\n",
    );
    expect(header.split(",")).toEqual(["day", "model", ...Object.keys(usageOf()), "usedIn"]);
    expect(row).toStartWith('2026-10-01,"a,b",10,1,,12000,3400,150000,9000,0.877');
    expect(rest).toEqual([""]);
  });

  test("is its header where there are no groups", () => {
    expect(formatUsageCsv(arrangeGroups(["repo"], []))).toMatch(/^repo,executions,.*\r\n$/);
  });

  test.each(["=1+1", "+1", "-1", "@SUM(A1)", "\t=1"])("makes no formula of the name %p", (repo) => {
    const csv = formatUsageCsv(arrangeGroups(["repo"], [{ repo, ...usageOf() }]));
    expect(csv.split("\r\n")[1]).toMatch(/^"?'/);
  });
});
