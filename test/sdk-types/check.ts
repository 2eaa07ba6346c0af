import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { $, Glob } from "bun";

// `bun run check:sdks`: whether the newest versions of the SDKs still have what src/adapters reads. The tests beside this
// file give the adapters values of the SDKs' own types; the suite runs them, but without the SDKs, which are too large
// to be installed for that (together 220 MB), no compiler checks these types. This installs them in a temporary folder,
// and type-checks there the tests, and the example that uses one of them.

const ROOT = join(import.meta.dir, "../..");
const SDKS = [
  "@anthropic-ai/claude-agent-sdk",
  "openai",
  "@openai/agents",
  "@openai/codex-sdk",
  "@google/genai",
  "@langchain/core",
  "ai",
];

const folder = await mkdtemp(join(tmpdir(), "runledger-sdks-"));
try {
  process.exitCode = await check();
} finally {
  await rm(folder, { recursive: true });
}

/** Returns the exit code of the compiler. */
async function check(): Promise<number> {
  await Bun.write(join(folder, "package.json"), JSON.stringify({ private: true }));
  // What is optional is mostly programs for each platform.
  await $`${process.execPath} add --exact --omit=optional ${SDKS}`.cwd(folder).quiet();
  await copy("test/sdk-types", "*.test.ts");
  // Not its declarations, which stand for the SDK where it isn't installed.
  await copy("examples/claude-agent", "{bot,main,stand-in}.ts");
  await Bun.write(join(folder, "tsconfig.json"), JSON.stringify(await configuration()));

  const { exitCode } = await $`${join(ROOT, "node_modules/.bin/tsc")} -p ${folder}`.nothrow();
  const { dependencies } = await Bun.file(join(folder, "package.json")).json();
  const versions = Object.entries(dependencies).map(([name, version]) => `${name} ${version}\n`);
  await Bun.write(Bun.stdout, `${versions.join("")}${exitCode === 0 ? "All types fit.\n" : ""}`);
  return exitCode;
}

async function copy(from: string, files: string): Promise<void> {
  for await (const file of new Glob(files).scan(join(ROOT, from))) {
    await cp(join(ROOT, from, file), join(folder, from, file));
  }
}

/** That of the project, with its own sources as `runledger`. */
async function configuration(): Promise<object> {
  const { compilerOptions } = await Bun.file(join(ROOT, "tsconfig.json")).json();
  const paths = Object.entries<string[]>(compilerOptions.paths).map(
    ([name, [source = ""] = []]) => [name, [join(ROOT, source)]] as const,
  );
  return {
    extends: join(ROOT, "tsconfig.json"),
    compilerOptions: { paths: Object.fromEntries(paths), typeRoots: [join(ROOT, "node_modules")] },
    include: ["test", "examples"],
    exclude: [],
  };
}
