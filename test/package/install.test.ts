import { beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { tries } from "../support/effort";
import { createProject, runBun, runBunIn } from "../support/project";
import { tempDir } from "../support/temp-dir";

const ROOT = resolve(import.meta.dir, "../..");
const NEWEST = "node_modules/typescript/bin/tsc";
const OLDER = "node_modules/typescript-5/bin/tsc";
const project = join(tempDir(), "project");

/** Optimising the compiler takes a third of the time of a single run. */
const BRIEFLY = { BUN_JSC_useFTLJIT: "0" };

/** What every row below changes: the options of `bun init`. */
const BUN_INIT = {
  lib: ["ESNext"],
  target: "ESNext",
  module: "Preserve",
  moduleResolution: "bundler",
  types: ["bun"],
  strict: true,
  skipLibCheck: true,
  noEmit: true,
  verbatimModuleSyntax: true,
  noFallthroughCasesInSwitch: true,
  noUncheckedIndexedAccess: true,
  noImplicitOverride: true,
};

const NODE_NEXT = { module: "NodeNext", moduleResolution: "NodeNext" };

const STRICTEST = { skipLibCheck: false, exactOptionalPropertyTypes: true };

const APPLICATION = `
import { createApp, createTelemetryStore, definePlugin, RunledgerError, telemetryPlugin, type TelemetryStats } from "runledger";
import { fromClaudeResult } from "runledger/adapters";
import { dashboardPlugin } from "runledger/dashboard";
import { type BudgetCheck, budgetPlugin } from "runledger/budget";
import { forwardOnce, forwardPlugin } from "runledger/forward";
import { otelPlugin } from "runledger/otel";
import { openLedger, usageReport } from "runledger/report";
import { createFakeEmitter, executionCompleted } from "runledger/testing";

createFakeEmitter().emit("execution:completed", executionCompleted());
const app = createApp<{ "job:done": { readonly id: number } }>()
  .use(telemetryPlugin)
  .use(budgetPlugin, { budgets: [{ name: "all", limitUsd: 500, per: "month" }] });
app.emitter.on("budget:threshold", ({ share }) => share.toFixed());
const answer: BudgetCheck = app.get(budgetPlugin).check({ repo: "octo-org/octo-repo" });
app.emitter.on("job:done", ({ id }) => id.toFixed());
app.emitter.emit("execution:completed", executionCompleted());
await app.close();
const stats: TelemetryStats = app.get(telemetryPlugin).stats();

await using ledger = await openLedger("./data/telemetry.db");
const { totals } = await usageReport(ledger, { since: "30d", by: ["model"] });
const [row] = await ledger.db.selectFrom("executions").select(["repo", "cost_usd"]).execute();
const repo: string | undefined = row?.repo;

let missing = "";
try {
  createApp().use(otelPlugin, { agentName: "a" });
} catch (error) {
  missing = error instanceof RunledgerError ? error.message : "";
}
process.stdout.write(JSON.stringify({ stats, executions: totals.executions, repo, missing }));

// What a declaration that is not found turns into, any, would let these pass.
// @ts-expect-error a model's name
fromClaudeResult({ modelUsage: {} }, { repo, eventType: "e" }).model satisfies number;
// @ts-expect-error a number
totals.executions satisfies string;
// @ts-expect-error a number
stats.received satisfies string;
// @ts-expect-error no such option
createTelemetryStore satisfies (options: { path: string }) => void;
// @ts-expect-error not a name
definePlugin satisfies string;
// @ts-expect-error a code is text
new RunledgerError("CLOSED", "closed").code satisfies number;
// @ts-expect-error a boolean
answer.allowed satisfies string;
// @ts-expect-error no such option
forwardPlugin satisfies { setup(host: never, options: { target: string }): void };
// @ts-expect-error no such signal
otelPlugin satisfies { setup(host: never, options: { signals: ["logs"] }): void };
// @ts-expect-error no such option
dashboardPlugin satisfies { setup(host: never, options: { path: string }): void };
// @ts-expect-error a promise
forwardOnce satisfies (options: never) => string;
`;

const ESTIMATING = `
import { createApp, RunledgerError, telemetryPlugin } from "runledger";
import { openPriceList } from "runledger/adapters";

function thrownBy(action: () => unknown): unknown {
  try {
    return action();
  } catch (error) {
    return error instanceof RunledgerError ? [error.code, error.hint] : error;
  }
}
const found = [
  thrownBy(() => createApp().use(telemetryPlugin, { estimateCost: true }) && "none"),
  thrownBy(() => openPriceList()),
];
process.stdout.write(JSON.stringify(found));
`;

beforeAll(async () => {
  await createProject(project, ["typescript"], {
    "@types/bun": (await Bun.file(join(ROOT, "package.json")).json()).devDependencies["bun-types"],
    "typescript-5": "npm:typescript@5.9.3",
  });
  writeFileSync(join(project, "application.ts"), APPLICATION);
});

test("the packed tarball, installed into an empty project, imports by name and records", async () => {
  expect(JSON.parse(await runBun(project, "application.ts"))).toMatchObject({
    stats: { received: 1, written: 1, state: "closed" },
    executions: 1,
    repo: "octo-org/octo-repo",
    missing:
      "OpenTelemetry needs the package @opentelemetry/api, which is not installed. Run: bun add @opentelemetry/api",
  });
  expect(readdirSync(join(project, "data"))).toEqual(["telemetry.db"]);
  const printed = await runBun(project, "node_modules/.bin/runledger", "executions", "--json");
  expect(JSON.parse(printed)).toMatchObject({ id: 1, repo: "octo-org/octo-repo" });
});

test("nothing in the package tells where it was built", () => {
  const installed = join(project, "node_modules", "runledger");
  const files = readdirSync(installed, { recursive: true, encoding: "utf8" }).filter((file) =>
    /\.\w+$/.test(file),
  );
  expect(files.length).toBeGreaterThan(100);
  expect(files.filter((file) => readFileSync(join(installed, file), "utf8").includes(ROOT))).toEqual([]);
});

test("an optional package that is not installed is named, with the command that adds it", async () => {
  writeFileSync(join(project, "estimating.ts"), ESTIMATING);
  const hint = "Run: bun add @pydantic/genai-prices";
  expect(JSON.parse(await runBun(project, "estimating.ts"))).toEqual([
    ["MISSING_PACKAGE", hint],
    ["MISSING_PACKAGE", hint],
  ]);
});

test("a price list is found in the folder of who starts the program, too", async () => {
  const folder = join(project, "elsewhere");
  mkdirSync(join(folder, "node_modules/@pydantic"), { recursive: true });
  symlinkSync(
    join(ROOT, "node_modules/@pydantic/genai-prices"),
    join(folder, "node_modules/@pydantic/genai-prices"),
  );
  const [, list] = JSON.parse(await runBun(folder, "../estimating.ts"));
  expect(list.name).toMatch(/^@pydantic\/genai-prices \d/);
});

test("without it, transcripts are imported without costs, and how to get them is said", async () => {
  const usage = { input_tokens: 1, output_tokens: 2 };
  const rows = [
    { type: "user", uuid: "u1", message: { content: "do it" } },
    { type: "assistant", uuid: "u2", message: { id: "m1", model: "claude-sonnet-4-5", usage } },
  ].map((row) => JSON.stringify({ sessionId: "s1", timestamp: "2026-03-01T10:00:00Z", ...row }));
  writeFileSync(join(project, "s1.jsonl"), rows.join("\n"));
  const options = ["import", "--from", "claude-code", "s1.jsonl", "--idle", "0h", "--db", "transcripts.db"];
  expect(await runBun(project, "node_modules/.bin/runledger", ...options)).toBe(
    "1 read: 1 written, 0 duplicates, 0 rejected\nCosts are unknown, as the package @pydantic/genai-prices is not installed. With it, an import into a new ledger estimates what each request cost; runledger reprice estimates, less exactly, what is in this one.\n",
  );
});

describe("an application type-checks", () => {
  test.each([
    ["with the options of bun init", NEWEST, {}],
    ["in TypeScript 5.9, with lib DOM", OLDER, { lib: ["ESNext", "DOM"] }],
    ["with lib DOM, as front ends and Hono's template have it", NEWEST, { lib: ["ESNext", "DOM"] }],
    ["with NodeNext", NEWEST, NODE_NEXT],
    ["without strict", NEWEST, { strict: false }],
    // TypeScript 5.9 takes ten times as long, and 15 s to check the declarations of Bun and Node.js.
    ...(tries(0, 1)
      ? ([
          ["with declarations checked too", NEWEST, { skipLibCheck: false }],
          ["with NodeNext and lib DOM, in TypeScript 5.9", OLDER, { ...NODE_NEXT, lib: ["ESNext", "DOM"] }],
          ["without strict, in TypeScript 5.9", OLDER, { strict: false }],
          ["with declarations checked too, in TypeScript 5.9", OLDER, { skipLibCheck: false }],
        ] as const)
      : []),
    ["with declarations checked too, and exact optional properties", NEWEST, STRICTEST],
  ])("%s", async (name, tsc, options) => {
    const config = `tsconfig.${name.replaceAll(/\W+/g, "-")}.json`;
    const compilerOptions = { ...BUN_INIT, ...options };
    writeFileSync(join(project, config), JSON.stringify({ compilerOptions, files: ["application.ts"] }));
    expect(await runBunIn(BRIEFLY, project, tsc, "-p", config)).toBe("");
  });
});
