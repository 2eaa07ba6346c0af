import { expect, test } from "bun:test";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { tempDir } from "./support/temp-dir";

const root = join(import.meta.dir, "..");

async function run(cwd: string, ...command: string[]): Promise<string> {
  const child = Bun.spawn([process.execPath, ...command], {
    cwd,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, TELEMETRY_DB_PATH: "" },
  });
  const [stdout, stderr, exitCode] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  if (exitCode !== 0) throw new Error(`bun ${command.join(" ")} failed (${exitCode}):\n${stdout}\n${stderr}`);
  return stdout;
}

const APPLICATION = `
import { createApp, telemetryPlugin, type TelemetryStats } from "runledger";
import { createFakeEmitter, executionCompleted } from "runledger/testing";

createFakeEmitter().emit("execution:completed", executionCompleted());
const app = createApp().use(telemetryPlugin);
app.emitter.emit("execution:completed", executionCompleted());
await app.close();
const stats: TelemetryStats = app.get(telemetryPlugin).stats();
process.stdout.write(JSON.stringify(stats));
`;

test("the packed tarball, installed into an empty project, imports by name, type-checks and records", async () => {
  const dir = tempDir();
  await run(root, "pm", "pack", "--destination", dir, "--quiet");
  const [tarball = "no tarball"] = readdirSync(dir).filter((file) => file.endsWith(".tgz"));
  const { devDependencies } = await Bun.file(join(root, "package.json")).json();
  writeFileSync(
    join(dir, "package.json"),
    JSON.stringify({
      name: "an-empty-project",
      type: "module",
      dependencies: { runledger: `file:./${tarball}` },
      devDependencies: {
        "bun-types": devDependencies["bun-types"],
        typescript: devDependencies.typescript,
      },
    }),
  );
  // What \`bun init\` writes, in short.
  writeFileSync(
    join(dir, "tsconfig.json"),
    JSON.stringify({
      compilerOptions: {
        lib: ["ESNext"],
        target: "ESNext",
        module: "Preserve",
        moduleResolution: "bundler",
        types: ["bun-types"],
        strict: true,
        skipLibCheck: true,
        noEmit: true,
        verbatimModuleSyntax: true,
        noFallthroughCasesInSwitch: true,
        noUncheckedIndexedAccess: true,
        noImplicitOverride: true,
      },
      files: ["application.ts"],
    }),
  );
  writeFileSync(join(dir, "application.ts"), APPLICATION);
  await run(dir, "install");
  await run(dir, "x", "tsc");
  expect(JSON.parse(await run(dir, "application.ts"))).toMatchObject({
    received: 1,
    written: 1,
    state: "closed",
  });
  expect(readdirSync(join(dir, "data"))).toEqual(["telemetry.db"]);
  const printed = await run(dir, "node_modules/.bin/runledger", "executions", "--json");
  expect(JSON.parse(printed)).toMatchObject({ id: 1, repo: "octo-org/octo-repo" });
}, 120_000);
