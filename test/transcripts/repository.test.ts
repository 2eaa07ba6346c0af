import { expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createRepositoryNames, pathOfRemote } from "../../src/transcripts/repository";
import { tempDir } from "../support/temp-dir";

test.each([
  ["https://github.com/acme/shop.git", "acme/shop"],
  ["https://user:secret@example.com:8443/acme/shop/", "acme/shop"],
  ["ssh://git@example.com:22/acme/shop.git", "acme/shop"],
  ["git@github.com:acme/shop.git", "acme/shop"],
  ["git@gitlab.example.com:group/team/shop.git", "group/team/shop"],
  ["https://example.com/acme/shop.git?x=1#y", "acme/shop"],
  ["/srv/git/shop.git", undefined],
  ["../shop.git", undefined],
  ["file:///srv/git/shop.git", undefined],
  ["C:\\git\\shop", undefined],
  ["https://example.com", undefined],
  ["", undefined],
])("the remote %j is %p", (url, path) => {
  expect(pathOfRemote(url)).toBe(path);
});

const folder = tempDir();

function repository(name: string, config: string): string {
  const root = join(folder, name);
  mkdirSync(join(root, ".git"), { recursive: true });
  writeFileSync(join(root, ".git", "config"), config);
  return root;
}

const CONFIG = `[core]
\tbare = false
[remote "upstream"]
\turl = https://github.com/else/where.git
[remote "origin"]
\tfetch = +refs/heads/*:refs/remotes/origin/*
\turl = git@github.com:acme/shop.git
[branch "main"]
\tremote = origin
`;

test("a folder is named after the remote origin of its repository, also below its root", () => {
  const root = repository("clone", CONFIG);
  mkdirSync(join(root, "packages/web"), { recursive: true });
  const nameOf = createRepositoryNames();
  expect(nameOf(root)).toBe("acme/shop");
  expect(nameOf(join(root, "packages/web"))).toBe("acme/shop");
});

test("so are a worktree and a submodule", () => {
  const root = repository("main", CONFIG);
  const [worktree, submodule] = [join(folder, "worktree"), join(root, "module")];
  mkdirSync(join(root, ".git/worktrees/w"), { recursive: true });
  mkdirSync(join(root, ".git/modules/m"), { recursive: true });
  mkdirSync(worktree);
  mkdirSync(submodule);
  writeFileSync(join(worktree, ".git"), `gitdir: ${join(root, ".git/worktrees/w")}\n`);
  writeFileSync(join(root, ".git/worktrees/w/commondir"), "../..\n");
  writeFileSync(join(submodule, ".git"), "gitdir: ../.git/modules/m\n");
  writeFileSync(join(root, ".git/modules/m/config"), CONFIG.replace("acme/shop", "acme/module"));
  const nameOf = createRepositoryNames();
  expect(nameOf(worktree)).toBe("acme/shop");
  expect(nameOf(submodule)).toBe("acme/module");
});

test("without such a remote, or without the folder, it has its own name", () => {
  const nameOf = createRepositoryNames();
  expect(nameOf(repository("alone", "[core]\n"))).toBe("alone");
  expect(nameOf(repository("local", '[remote "origin"]\n\turl = /srv/shop.git\n'))).toBe("local");
  writeFileSync(join(folder, "odd"), "x");
  expect(nameOf(join(folder, "odd"))).toBe("odd");
  expect(nameOf("/gone/long/ago/")).toBe("ago");
  expect(nameOf("C:\\work\\shop")).toBe("shop");
  expect(nameOf("relative/shop")).toBe("shop");
  expect(nameOf(undefined)).toBe("unknown");
  expect(nameOf("/")).toBe("unknown");
});

test("a remote that the transcript says goes before the folder", () => {
  expect(createRepositoryNames()("/gone", "https://github.com/acme/shop")).toBe("acme/shop");
});
