import { expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { compileCacheFolder } from "../../src/cli/compile-cache-folder";
import { commandLine } from "../support/dist";
import { tempDir } from "../support/temp-dir";

const caches = (env: Record<string, string>) => compileCacheFolder(env);

test("compiled code is among the user's caches", () => {
  expect(caches({ HOME: "/home/ada" })).toBe("/home/ada/.cache/runledger");
  expect(caches({ HOME: "/home/ada", XDG_CACHE_HOME: "/caches" })).toBe("/caches/runledger");
  // The specification says that relative paths are to be ignored.
  expect(caches({ HOME: "/home/ada", XDG_CACHE_HOME: "caches" })).toBe("/home/ada/.cache/runledger");
  expect(caches({ HOME: "", XDG_CACHE_HOME: "" })).toBeUndefined();
  expect(caches({})).toBeUndefined();
});

test("a command keeps its compiled code, or does without", () => {
  const home = tempDir();
  const help = (env: Record<string, string>) => {
    const { NODE_COMPILE_CACHE: _, XDG_CACHE_HOME: __, ...others } = process.env;
    const { exitCode, stdout, stderr } = Bun.spawnSync(
      [process.execPath, commandLine(), "report", "--help"],
      {
        env: { ...others, ...env },
      },
    );
    return { exitCode, out: `${stdout}`, err: `${stderr}` };
  };
  const first = help({ HOME: home });
  expect(first).toMatchObject({ exitCode: 0, out: expect.stringMatching(/^Usage: /), err: "" });
  const kept = join(home, ".cache", "runledger");
  expect(readdirSync(kept, { recursive: true }).length).toBeGreaterThan(1);
  expect(help({ HOME: home })).toEqual(first);

  const blocked = join(home, "blocked");
  mkdirSync(blocked);
  writeFileSync(join(blocked, ".cache"), "");
  expect(help({ HOME: blocked })).toEqual(first);
  expect(help({ HOME: home, XDG_CACHE_HOME: join(home, "none"), NODE_DISABLE_COMPILE_CACHE: "1" })).toEqual(
    first,
  );
  expect(existsSync(join(home, "none", "runledger"))).toBe(false);
});
