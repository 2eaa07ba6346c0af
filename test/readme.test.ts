import { describe, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import * as runledger from "runledger";
import * as forward from "runledger/forward";
import * as report from "runledger/report";
import * as testing from "runledger/testing";
import { read } from "./support/ledger";
import { tempDir } from "./support/temp-dir";

const root = join(import.meta.dir, "..");
const textOf = (path: string) => Bun.file(join(root, path)).text();
const readme = await textOf("README.md");

const codeBlocks = (language: string) =>
  Array.from(readme.matchAll(new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, "gs")), ([, code]) => code ?? "");

/** The names in the first column of the table whose header begins so. */
function tableOf(header: string): string[] {
  const start = readme.indexOf(`| ${header} |`);
  if (start < 0) throw new Error(`the README has no table "${header}"`);
  const [table = ""] = readme.slice(start).split("\n\n");
  return Array.from(table.matchAll(/^\| `(\w+)/gm), ([, name]) => name ?? "");
}

/** The members of an interface, by its source. */
async function membersOf(path: string, name: string): Promise<string[]> {
  const source = await textOf(path);
  const [, body = ""] = new RegExp(`export interface ${name}\\b[^{]*{\n(.*?)\n}`, "s").exec(source) ?? [];
  return Array.from(body.matchAll(/^ {2}(?:readonly )?(\w+)[?(<:]/gm), ([, member]) => member ?? "");
}

describe("the README's code", () => {
  test.each(readdirSync(join(import.meta.dir, "readme")))(
    "has test/readme/%s in it, word for word",
    async (file) => {
      expect(codeBlocks("ts")).toContain(await textOf(`test/readme/${file}`));
    },
  );

  test("of the first screen does what it shows", async () => {
    const folder = tempDir();
    const script = join(import.meta.dir, "readme", "quick-start.ts");
    const child = Bun.spawn([process.execPath, script], {
      cwd: folder,
      env: { ...process.env, TELEMETRY_DB_PATH: "" },
    });
    expect(await child.exited).toBe(0);
    const [, query = "", output = ""] =
      /^ {4}\$ sqlite3 -line \S+ '(.*)'\n((?: {4}.*\n)+)/m.exec(readme) ?? [];
    const shown = Object.fromEntries(
      output
        .trimEnd()
        .split("\n")
        .map((line) => line.split("=").map((part) => part.trim())),
    );
    const [row = {}] = read(join(folder, "data", "telemetry.db"), query);
    expect(Object.fromEntries(Object.entries(row).map(([column, value]) => [column, `${value}`]))).toEqual(
      shown,
    );
  });

  test("for reading a ledger prints what is in it", async () => {
    const folder = tempDir();
    const script = (name: string) => join(import.meta.dir, "readme", name);
    const run = (name: string) =>
      Bun.spawn([process.execPath, script(name)], {
        cwd: folder,
        env: { ...process.env, TELEMETRY_DB_PATH: "" },
        stdout: "pipe",
      });
    expect(await run("quick-start.ts").exited).toBe(0);
    expect(await new Response(run("reading.ts").stdout).text()).toBe(
      [
        "1 executions, 0.0412 USD, 0 without cost",
        "claude-sonnet-4-5 0.0412 8450",
        "octo-org/octo-repo success 0.0412",
        "",
      ].join("\n"),
    );
  });

  test("for another host does what it says", async () => {
    const folder = tempDir();
    const script = join(import.meta.dir, "readme", "own-host.ts");
    const child = Bun.spawn([process.execPath, script], { cwd: folder, stdout: "pipe" });
    expect(await new Response(child.stdout).text()).toBe("1\n");
  });
});

describe("the README names, and describes as they are,", () => {
  test("every error code", () => {
    const documented = Array.from(readme.matchAll(/^\| `([A-Z_]+)` \| (.+) \|$/gm), ([, code, meaning]) => [
      code,
      meaning,
    ]);
    expect(Object.fromEntries(documented)).toEqual(runledger.ERROR_CODES);
  });

  test.each([
    ["field | type", "src/record/types.ts", "TelemetryRecord"],
    ["option | default", "plugins/telemetry/options.ts", "TelemetryPluginOptions"],
  ])("every entry of the table %s", async (header, path, name) => {
    expect(tableOf(header).sort()).toEqual((await membersOf(path, name)).sort());
  });

  test.each([
    ["src/recorder/types.ts", "Telemetry"],
    ["src/recorder/types.ts", "TelemetryStats"],
    ["src/app/create-app.ts", "AppOptions"],
    ["src/ledger/store.ts", "TelemetryStoreOptions"],
    ["src/forward/options.ts", "ForwardOptions"],
    ["src/forward/options.ts", "ForwardPluginOptions"],
    ["src/forward/types.ts", "Forwarding"],
    ["src/forward/types.ts", "ForwardingStats"],
    ["src/forward/types.ts", "ForwardingCloseReport"],
    ["src/forward/forward-session.ts", "ForwardCounts"],
    ["src/ledger/schema.ts", "LedgerSchema"],
    ["src/ledger/schema.ts", "IncidentsTable"],
    ["src/report/types.ts", "NameFilter"],
    ["src/report/types.ts", "ExecutionFilter"],
    ["src/report/types.ts", "UsageFilter"],
    ["src/report/database/ledger.ts", "Ledger"],
    ["src/report/executions.ts", "ExecutionsOptions"],
  ])("every member of %s %s", async (path, name) => {
    const members = await membersOf(path, name);
    expect(members.length).toBeGreaterThan(0);
    expect(members.filter((member) => !new RegExp(`\`[^\`]*\\b${member}\\b`).test(readme))).toEqual([]);
  });

  test.each([
    ["runledger", Object.keys(runledger)],
    ["runledger/testing", Object.keys(testing)],
    ["runledger/report", Object.keys(report)],
    ["runledger/forward", Object.keys(forward)],
  ])("every export of %s", (_, names) => {
    expect(names.filter((name) => !new RegExp(`\\b${name}\\b`).test(readme))).toEqual([]);
  });

  test("the two commands, at the top", async () => {
    const [start, runTests] = readme.split("\n").filter((line) => line.startsWith("    npx "));
    const { packageManager, scripts } = await Bun.file(join(root, "package.json")).json();
    expect(start).toContain(`npx --yes ${packageManager} start`);
    expect(runTests).toContain(`npx --yes ${packageManager} run test`);
    expect(Object.keys(scripts)).toEqual(expect.arrayContaining(["start", "test"]));
    expect(readme.split("\n").slice(0, 8)).toEqual(expect.arrayContaining([start, runTests]));
  });
});

test("CONTRIBUTING gives a reason for every dependency, and for nothing else", async () => {
  const { dependencies, devDependencies } = await Bun.file(join(root, "package.json")).json();
  const [, table = ""] = (await textOf("CONTRIBUTING.md")).split("## Dependencies");
  const documented = Array.from(table.matchAll(/^\| \*?([@\w/-]+)\*? \|/gm), ([, name]) => name);
  expect(documented.filter((name) => name !== "package").sort() as unknown[]).toEqual(
    [...Object.keys(dependencies), ...Object.keys(devDependencies)].sort(),
  );
});
