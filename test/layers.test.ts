import { describe, expect, test } from "bun:test";
import { dirname, join, relative } from "node:path";
import { Glob } from "bun";

const root = join(import.meta.dir, "..");
/** `import … from`, `export … from`, `import()`, `require()`, `new URL()`: types count, too. */
const SPECIFIER = /(?:\bfrom|\bimport\(|\brequire\(|\bimport|\bnew URL\()\s*"(\.{1,2}\/[^"]*)"/g;

/** The imports of our own files, as paths from the root. */
async function importsOf(file: string): Promise<string[]> {
  const source = await Bun.file(join(root, file)).text();
  return Array.from(source.matchAll(SPECIFIER), ([, path = ""]) =>
    relative(root, join(root, dirname(file), path)),
  );
}

async function filesIn(folder: string): Promise<string[]> {
  const files = await Array.fromAsync(new Glob(`${folder}/**/*.{ts,tsx}`).scan(root));
  expect(files).not.toEqual([]);
  return files.sort();
}

/** The folder within `src` that a path is in; `""` for the files that are in none. */
function roomOf(path: string): string {
  return path.split("/").slice(1, -1).join("/");
}

/** What is not in order, as `file → import`. */
async function strays(folder: string, isAllowed: (file: string, path: string) => boolean): Promise<string[]> {
  const found: string[] = [];
  for (const file of await filesIn(folder)) {
    for (const path of await importsOf(file)) if (!isAllowed(file, path)) found.push(`${file} → ${path}`);
  }
  return found;
}

/** Each room of `src`, and the others that it may import from. Files that are in no room serve them all. */
const ROOMS: Record<string, readonly string[]> = {
  record: [],
  prices: ["record"],
  adapters: ["record", "prices"],
  transcripts: ["record", "adapters"],
  app: ["record"],
  ledger: ["record", "prices"],
  handoff: ["record", "prices", "ledger"],
  writer: ["record", "prices", "ledger", "handoff"],
  recorder: ["record", "ledger", "handoff", "writer"],
  postgres: ["record", "ledger"],
  "report/database": ["record", "ledger", "postgres"],
  report: ["record", "ledger", "report/database"],
  "report/format": ["ledger", "report"],
  forward: ["record", "ledger", "postgres", "report", "report/database"],
  budget: ["record", "app", "ledger", "handoff", "recorder", "postgres", "report", "report/database"],
  doctor: ["record", "prices", "ledger", "handoff", "postgres", "report", "report/database", "report/format"],
  "dashboard/page": ["report", "report/format", "doctor", "budget"],
  dashboard: [
    "record",
    "ledger",
    "postgres",
    "report",
    "report/database",
    "report/format",
    "doctor",
    "budget",
    "dashboard/page",
  ],
  "cli/completion": ["cli", "ledger", "report", "report/database"],
  cli: [
    "record",
    "prices",
    "adapters",
    "transcripts",
    "ledger",
    "handoff",
    "writer",
    "postgres",
    "report",
    "report/database",
    "report/format",
    "forward",
    "doctor",
    "dashboard",
    "budget",
    "cli/completion",
  ],
};

describe("data flows one way:", () => {
  test("each room of src imports only from those below it", async () => {
    const rooms = new Set((await filesIn("src")).map(roomOf));
    expect([...rooms].sort()).toEqual(["", ...Object.keys(ROOMS)].sort());
    const isAllowed = (file: string, path: string) => {
      const [from, to] = [roomOf(file), roomOf(path)];
      return (
        from === "" || to === "" || to === from || !path.startsWith("src/") || !!ROOMS[from]?.includes(to)
      );
    };
    expect(await strays("src", isAllowed)).toEqual([]);
  });

  test("no two rooms import from each other, the command line and what it is made of aside", () => {
    const circles = Object.entries(ROOMS).flatMap(([room, below]) =>
      below.filter((other) => ROOMS[other]?.includes(room)).map((other) => `${room} ↔ ${other}`),
    );
    expect(circles.filter((circle) => !/^cli(\/\w+)? ↔ cli(\/\w+)?$/.test(circle))).toEqual([]);
  });

  test("nothing in src imports a plugin, the list of public names aside", async () => {
    const isAllowed = (file: string, path: string) => file === "src/index.ts" || !path.startsWith("plugins");
    expect(await strays("src", isAllowed)).toEqual([]);
  });

  test("no plugin imports another", async () => {
    const pluginOf = (path: string) => path.split("/").slice(0, 2).join("/");
    const isAllowed = (file: string, path: string) =>
      !path.startsWith("plugins") || pluginOf(path) === pluginOf(file);
    expect(await strays("plugins", isAllowed)).toEqual([]);
  });

  test("the list of public names leads to no plugin but telemetry, nor to OpenTelemetry", async () => {
    const files = [...(await filesIn("src")), ...(await filesIn("plugins"))];
    const reached = new Set<string>();
    const visit = async (path: string): Promise<void> => {
      const file = [`${path}.ts`, `${path}/index.ts`, path].find((candidate) => files.includes(candidate));
      if (file === undefined || reached.has(file)) return;
      reached.add(file);
      for (const next of await importsOf(file)) await visit(next);
    };
    await visit("src/index");
    expect(reached.size).toBeGreaterThan(50);
    expect([...reached].filter((file) => /^plugins\/(?!telemetry\/)/.test(file))).toEqual([]);
    for (const file of reached)
      expect(await Bun.file(join(root, file)).text()).not.toMatch(/(from|require\()\s*"@opentelemetry/);
  });

  test("no two files of the benchmarks import each other, however far round", async () => {
    const files = await filesIn("bench");
    const known = new Set(files);
    const fileOf = (path: string) =>
      [`${path}.ts`, `${path}/index.ts`].find((file) => known.has(file)) ?? path;
    const imports = new Map<string, string[]>();
    for (const file of files) imports.set(file, (await importsOf(file)).map(fileOf));
    const reachable = (from: string, seen = new Set<string>()): Set<string> => {
      for (const next of imports.get(from) ?? []) if (!seen.has(next)) reachable(next, seen.add(next));
      return seen;
    };
    expect(files.filter((file) => reachable(file).has(file))).toEqual([]);
  });
});

test("the fast tier, test/record and test/report, starts no process and no server", async () => {
  const starts =
    /support\/(run-script|remote-host|postgres|project|dist|forwarding)|startWorker|Bun\.spawn\(/;
  for (const file of [...(await filesIn("test/record")), ...(await filesIn("test/report"))]) {
    expect({ file, starts: starts.test(await Bun.file(join(root, file)).text()) }).toEqual({
      file,
      starts: false,
    });
  }
});

test("in the repository every subpath of the package is its source", async () => {
  const { exports } = await Bun.file(join(root, "package.json")).json();
  const { compilerOptions } = await Bun.file(join(root, "tsconfig.json")).json();
  const sources = Object.entries<{ types: string }>(exports)
    .filter(([, target]) => typeof target === "object")
    .map(([subpath, { types }]) => [
      subpath.replace(".", "runledger"),
      [types.replace("./dist/types", ".").replace(/\.d\.ts$/, ".ts")],
    ]);
  expect(compilerOptions.paths).toEqual(Object.fromEntries(sources));
});
