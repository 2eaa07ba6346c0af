import { expect, test } from "bun:test";
import { join } from "node:path";
import { pageOf, ROOT } from "../support/docs";

const readme = pageOf("README.md");

test("the two commands are at the top", async () => {
  const [start, runTests] = readme.split("\n").filter((line) => line.startsWith("    npx "));
  const { packageManager, scripts } = await Bun.file(join(ROOT, "package.json")).json();
  expect(start).toContain(`npx --yes ${packageManager} start`);
  expect(runTests).toContain(`npx --yes ${packageManager} run test`);
  expect(Object.keys(scripts)).toEqual(expect.arrayContaining(["start", "test"]));
  expect(readme.split("\n").slice(0, 8)).toEqual(expect.arrayContaining([start, runTests]));
});

test("the README is short", () => {
  expect(readme.split("\n").length).toBeLessThan(200);
});

test("the counts that it says add up are those of stats(), in their order", () => {
  const [, sum = ""] = /`received = (.*)`/.exec(readme) ?? [];
  const [, , table = ""] = pageOf("docs/plugin.md").split("### stats()")[1]?.split("\n\n") ?? [];
  const counts = Array.from(table.matchAll(/^\| `(\w+)`/gm), ([, name]) => name);
  expect(sum.split(" + ") as unknown[]).toEqual(counts.slice(1, 8));
});
