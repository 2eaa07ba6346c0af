import { cpSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { builtPackage } from "./dist";

const ROOT = resolve(import.meta.dir, "../..");

/** Runs `bun …` in a folder; returns what it prints. If it fails, the error has the whole output. */
export function runBun(folder: string, ...command: readonly string[]): Promise<string> {
  return runBunIn({}, folder, ...command);
}

/** The same in an environment that has more. */
export async function runBunIn(
  environment: Readonly<Record<string, string>>,
  folder: string,
  ...command: readonly string[]
): Promise<string> {
  const child = Bun.spawn([process.execPath, ...command], {
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, TELEMETRY_DB_PATH: "", ...environment },
  });
  const [stdout, stderr, exitCode] = await Promise.all([
    child.stdout.text(),
    child.stderr.text(),
    child.exited,
  ]);
  if (exitCode !== 0) throw new Error(`bun ${command.join(" ")} failed (${exitCode}):\n${stdout}\n${stderr}`);
  return stdout;
}

/** Packs the built package; returns the tarball. */
async function pack(folder: string): Promise<string> {
  builtPackage();
  mkdirSync(folder, { recursive: true });
  await runBun(ROOT, "pm", "pack", "--ignore-scripts", "--destination", folder, "--quiet");
  const [name] = readdirSync(folder).filter((file) => file.endsWith(".tgz"));
  if (name === undefined) throw new Error("nothing was packed");
  return join(folder, name);
}

/**
 * A user's project in a folder. The packed tarball is installed from a file, and other packages from the registry, in
 * the versions that we test with or in the given ones.
 */
export async function createProject(
  folder: string,
  others: readonly string[] = [],
  versions: Readonly<Record<string, string>> = {},
): Promise<void> {
  const { devDependencies } = await Bun.file(join(ROOT, "package.json")).json();
  mkdirSync(folder, { recursive: true });
  const dependencies = {
    runledger: `file:${await pack(join(folder, "packed"))}`,
    ...Object.fromEntries(others.map((name) => [name, devDependencies[name]])),
    ...versions,
  };
  writeFileSync(
    join(folder, "package.json"),
    JSON.stringify({ name: "a-project", type: "module", dependencies }),
  );
  await runBun(folder, "install");
}

/** Copies one of our scripts that imports the package by its name; returns its path in the project. */
export function copyScript(folder: string, script: string, name = "app.ts"): string {
  const copy = join(folder, name);
  cpSync(join(ROOT, script), copy);
  return copy;
}
