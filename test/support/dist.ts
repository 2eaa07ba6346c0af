import { statSync } from "node:fs";
import { join, resolve } from "node:path";
import { Glob } from "bun";

const ROOT = resolve(import.meta.dir, "../..");
const DIST = join(ROOT, "dist");

/** The built package, which `bun run test` builds before any test; for a test that is run by itself it is built here. */
export function builtPackage(): string {
  if (isStale()) {
    const { exitCode, stderr } = Bun.spawnSync([process.execPath, "run", "build"], { cwd: ROOT });
    if (exitCode !== 0) throw new Error(`bun run build failed:\n${stderr}`);
  }
  return DIST;
}

function isStale(): boolean {
  const builtMs = changedMs("dist/THIRD-PARTY-LICENSES.txt");
  const sources = [...new Glob("{src,plugins}/**/*.ts").scanSync(ROOT), "build.ts", "package.json"];
  return sources.some((path) => changedMs(path) > builtMs);
}

function changedMs(path: string): number {
  return statSync(join(ROOT, path), { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
