import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { SORT_KEYS } from "../../src/report/format/groups";
import { GROUP_KEYS } from "../../src/report/types";
import { namesOf, pageOf } from "../support/docs";
import { runCli } from "../support/fake-terminal";
import { makeGoldenLedger } from "../support/golden-ledger";
import { tempDir } from "../support/temp-dir";

const page = pageOf("docs/reports.md");
const tableOf = (header: string) => namesOf(page, header);

const dbPath = join(tempDir(), "ledger.db");
makeGoldenLedger(dbPath);

async function jsonOf(...args: readonly string[]) {
  const { out } = await runCli(["report", "--db", dbPath, "--since", "2026-10-01", ...args, "--json"]);
  return JSON.parse(out);
}

describe("the page of reports names all and nothing else", () => {
  test("of a report's JSON", async () => {
    expect(tableOf("field of a report")).toEqual(Object.keys(await jsonOf()));
    expect(Object.keys(await jsonOf("--by", "repo"))).toEqual(
      tableOf("field of a report").filter((field) => field !== "furtherGroups"),
    );
  });

  test("of its filter", async () => {
    const row = page.split("\n").find((line) => line.startsWith("| `filter` |")) ?? "";
    const { filter } = await jsonOf();
    const named = Array.from(row.matchAll(/`(\w+)`/g), ([, name]) => name).filter(
      (name) => name !== "filter" && name !== "null",
    );
    expect(named).toEqual(Object.keys(filter));
  });

  test("of its numbers, in the totals and in each group", async () => {
    const numbers = tableOf("number of a group");
    const { totals, groups, furtherGroups } = await jsonOf();
    const ofAll = numbers.filter((name) => name !== "usedIn");
    expect(Object.keys(totals)).toEqual(ofAll);
    expect(Object.keys(groups[0])).toEqual(["day", ...ofAll]);
    expect(
      Object.entries<object[]>(furtherGroups).map(([key, [group = {}]]) => [key, Object.keys(group)]),
    ).toEqual(
      ["repo", "model", "eventType"].map((key) => [key, [key, ...(key === "model" ? numbers : ofAll)]]),
    );
  });

  test("of its keys", () => {
    const [, keys = ""] = /^A group has its keys, as text: (.*?)\.\s/ms.exec(page) ?? [];
    const named = Array.from(keys.matchAll(/`([a-z]\w+)`/gi), ([, name]) => name);
    expect(named as unknown[]).toEqual([...GROUP_KEYS]);
  });

  test("of the command's options", async () => {
    const { out } = await runCli(["report", "--help"], { columns: 500 });
    const options = Array.from(out.matchAll(/^ {2}(--[\w-]+)/gm), ([, option]) => option);
    expect(tableOf("option of `report`").sort() as unknown[]).toEqual(
      options.filter((option) => option !== "--help" && option !== "--db").sort(),
    );
  });

  test("of the keys and orders that options take", () => {
    const rowOf = (option: string) => page.split("\n").find((line) => line.startsWith(`| \`${option}`)) ?? "";
    for (const key of GROUP_KEYS) expect(rowOf("--by")).toContain(`\`${key}\``);
    for (const key of SORT_KEYS) expect(rowOf("--sort")).toContain(`\`${key}\``);
  });
});
