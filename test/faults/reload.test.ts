import { expect, test } from "bun:test";
import { appendFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { builtPackage } from "../support/dist";
import { tries } from "../support/effort";
import { countRows, flawsOf } from "../support/place";
import { tempDir } from "../support/temp-dir";

const SCRIPTS = resolve(import.meta.dir, "../process");
const LOADS = tries(6, 12);

/** What `hot-app.ts` writes. */
interface Load {
  readonly loads: number;
  readonly emitted: number;
  readonly threads: number;
  readonly listeners: number;
  readonly handlers: number;
  readonly spent?: number;
  readonly alerts?: string[];
}

/** Lines of a process's output, as they come. */
async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  let rest = "";
  const decoder = new TextDecoder();
  for await (const bytes of stream) {
    const lines = (rest + decoder.decode(bytes, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
}

/** A script that a watching Bun runs, to be saved again without a change of the repository. */
function entryFor(name: string, folder: string): string {
  builtPackage();
  const entry = join(folder, "entry.ts");
  writeFileSync(entry, `import ${JSON.stringify(join(SCRIPTS, name))};\n`);
  return entry;
}

test.skipIf(!existsSync("/proc/self/task")).each(["shared", "own", "adapter", "budgets"])(
  "bun --hot, emitters %s: a load takes over from the one before; each event is stored once, and no thread stays (needs /proc)",
  async (mode) => {
    const folder = tempDir();
    const [entry, dbPath] = [entryFor("hot-app.ts", folder), join(folder, "telemetry.db")];
    const child = Bun.spawn([process.execPath, "--hot", entry, mode, dbPath], {
      stdout: "pipe",
      stderr: "inherit",
    });
    const loads: Load[] = [];
    // What is saved before Bun watches would be waited for in vain; and a load that says nothing may be overtaken.
    let saving: ReturnType<typeof setTimeout> | undefined;
    const saveIn = (ms: number): void => {
      clearTimeout(saving);
      saving = setTimeout(() => {
        appendFileSync(entry, "// saved\n");
        saveIn(1.5 * ms);
      }, ms);
    };
    saveIn(300);
    // Read to its end: who writes to a pipe that nobody reads fails, and Bun waits for another save.
    for await (const line of linesOf(child.stdout)) {
      if (loads.length < LOADS) loads.push(JSON.parse(line));
      if (loads.length < LOADS) {
        saveIn(300);
        continue;
      }
      clearTimeout(saving);
      child.kill("SIGTERM");
    }
    expect(await child.exited).toBe(143);
    if (mode !== "budgets") {
      expect(loads.map(({ loads }) => loads)).toEqual(Array.from({ length: LOADS }, (_, index) => index + 1));
    } else {
      expect(loads.map(({ spent }) => spent)).toEqual(loads.map(({ emitted }) => emitted));
      expect(loads.at(-1)?.alerts?.sort()).toEqual([
        "exceeded",
        "threshold 0.5",
        "threshold 0.8",
        "threshold 1",
      ]);
    }
    // Some of the threads before may be about to end; if they stayed, each load would have one more.
    const threads = loads.map(({ threads }) => threads);
    expect(Math.min(...threads.slice(-2)) - Math.max(...threads.slice(0, 2))).toBeLessThan(3);
    expect(new Set(loads.map(({ listeners }) => listeners))).toEqual(new Set([1]));
    if (mode !== "adapter") expect(new Set(loads.map(({ handlers }) => handlers))).toEqual(new Set([1]));
    expect(countRows(dbPath)).toBeGreaterThanOrEqual(loads.at(-1)?.emitted ?? 0);
    if (mode !== "own") expect(countRows(dbPath) % 2).toBe(0);
    expect(flawsOf(dbPath)).toEqual([]);
  },
);

test("bun --watch: what was emitted until a restart is stored, where signals are listened to", async () => {
  const folder = tempDir();
  const [entry, dbPath] = [entryFor("watch-app.ts", folder), join(folder, "telemetry.db")];
  const emitted = join(folder, "emitted");
  const child = Bun.spawn([process.execPath, "--watch", entry, dbPath, entry, emitted], {
    stdout: "pipe",
    stderr: "inherit",
  });
  let starts = 0;
  for await (const _ of linesOf(child.stdout)) {
    starts += 1;
    if (starts >= 5) child.kill("SIGTERM");
  }
  await child.exited;
  // One may be emitted and not noted yet, in each of the runs.
  const noted = readFileSync(emitted, "utf8").length;
  expect(noted).toBeGreaterThanOrEqual(5 * (starts - 1));
  expect(countRows(dbPath)).toBeGreaterThanOrEqual(noted);
  expect(countRows(dbPath)).toBeLessThanOrEqual(noted + starts);
});
