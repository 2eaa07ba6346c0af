import { statSync } from "node:fs";
import { join, resolve } from "node:path";
import { Glob } from "bun";

// Processes spawned by tests run the package as published, which starts in a fraction of the time of the sources.

const ROOT = resolve(import.meta.dir, "../..");
const DIST = join(ROOT, "dist");

let isFresh = false;

/**
 * The folder of the built package. `bun run test` builds it before any test; if a test runs by itself, it is built
 * here.
 */
export function builtPackage(): string {
  if (!isFresh && isStale()) {
    const { exitCode, stderr } = Bun.spawnSync([process.execPath, "run", "build"], { cwd: ROOT });
    if (exitCode !== 0) throw new Error(`bun run build failed:\n${stderr}`);
  }
  isFresh = true;
  return DIST;
}

/** The built command line, for Bun to run. */
export function commandLine(): string {
  return join(builtPackage(), "cli.js");
}

function isStale(): boolean {
  // The build writes this file last.
  const builtMs = changedMs("dist/THIRD-PARTY-LICENSES.txt");
  const sources = [
    ...new Glob("{src,plugins}/**/*.{ts,tsx,html,css,svg}").scanSync(ROOT),
    "build.ts",
    "package.json",
  ];
  return sources.some((path) => changedMs(path) > builtMs);
}

function changedMs(path: string): number {
  return statSync(join(ROOT, path), { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
