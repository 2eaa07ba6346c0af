import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { PAGES, ROOT } from "../support/docs";

const OTHER_PAGES = ["CONTRIBUTING.md", "CHANGELOG.md", "bench/README.md"];
const texts = new Map(PAGES);
for (const path of OTHER_PAGES) texts.set(path, await Bun.file(join(ROOT, path)).text());

/** Where a page's links and pictures lead: a path from the root, and the anchor there. */
function linksOf(path: string): { readonly target: string; readonly anchor: string | undefined }[] {
  const prose = (texts.get(path) ?? "").replaceAll(/^```.*?^```/gms, "").replaceAll(/`[^`\n]*`/g, "");
  const hrefs = Array.from(prose.matchAll(/\]\(([^)\s]+)\)/g), ([, href = ""]) => href);
  return hrefs
    .filter((href) => !/^[a-z]+:/.test(href))
    .map((href) => {
      const [file = "", anchor] = href.split("#");
      const target = file === "" ? path : relative(ROOT, resolve(ROOT, dirname(path), file));
      return { target, anchor };
    });
}

/** The anchors of a page's headings, as GitHub makes them. */
function anchorsOf(path: string): string[] {
  const prose = (texts.get(path) ?? "").replaceAll(/^```.*?^```/gms, "");
  return Array.from(prose.matchAll(/^#+ (.*)$/gm), ([, heading = ""]) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
      .replaceAll(" ", "-"),
  );
}

describe.each([...texts.keys()])("%s", (path) => {
  test("leads to files and headings that are there", () => {
    const broken = linksOf(path).filter(
      ({ target, anchor }) =>
        !existsSync(join(ROOT, target)) || (anchor !== undefined && !anchorsOf(target).includes(anchor)),
    );
    expect(broken).toEqual([]);
  });
});

test("links are found, in the README and between pages", () => {
  expect(linksOf("README.md").length).toBeGreaterThan(10);
  expect(linksOf("docs/scaling.md")).toContainEqual({ target: "docs/forwarding.md", anchor: undefined });
  expect(linksOf("docs/scaling.md")).toContainEqual({ target: "docs/scaling.md", anchor: "citus" });
});

test("the README leads to every page of docs", () => {
  const reached = linksOf("README.md").map(({ target }) => target);
  const pages = readdirSync(join(ROOT, "docs"))
    .filter((name) => !name.endsWith(".json"))
    .map((name) => `docs/${name}`);
  expect(pages.filter((page) => !reached.includes(page))).toEqual([]);
});

test("hints in the code name pages and headings that are there", async () => {
  const hints: string[] = [];
  for (const folder of ["src", "plugins"]) {
    for await (const path of new Bun.Glob("**/*.ts").scan(join(ROOT, folder))) {
      const source = await Bun.file(join(ROOT, folder, path)).text();
      hints.push(
        ...Array.from(source.matchAll(/docs\/[\w-]+\.md(?:, under [A-Z][\w ]+)?/g), ([hint]) => hint),
      );
    }
  }
  expect(hints.length).toBeGreaterThan(1);
  const wrong = hints.filter((hint) => {
    const [page = "", heading] = hint.split(", under ");
    const text = texts.get(page);
    return text === undefined || (heading !== undefined && !text.includes(`\n## ${heading}\n`));
  });
  expect(wrong).toEqual([]);
});
