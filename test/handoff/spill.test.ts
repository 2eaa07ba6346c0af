import { beforeEach, expect, test } from "bun:test";
import {
  appendFileSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { appendToSpill, hasSpill, spillPathsOf, takeInSpill } from "../../src/handoff/spill";
import { tempDir } from "../support/temp-dir";

const dir = tempDir();
let dbPath = "";
let files = 0;
beforeEach(() => {
  files += 1;
  dbPath = join(dir, `${files}`, "telemetry.db");
});

const takeIn = (batchSize = 512) => Array.from(takeInSpill(dbPath, batchSize));
const spill = (records: readonly unknown[]) =>
  appendToSpill(dbPath, [Buffer.from(`\n${linesOf(records).join("\n")}\n`)]);
const linesOf = (records: readonly unknown[]) => records.map((record) => JSON.stringify(record));

test("what was spilled is taken in, in order, and the file is gone", () => {
  expect(hasSpill(dbPath)).toBe(false);
  expect(spill([{ n: 1 }, { n: 2 }])).toBe(`${dbPath}.spill.jsonl`);
  spill([{ n: 3 }]);
  expect(statSync(`${dbPath}.spill.jsonl`).mode & 0o777).toBe(0o600);
  expect(hasSpill(dbPath)).toBe(true);
  expect(takeIn()).toEqual([linesOf([{ n: 1 }, { n: 2 }, { n: 3 }])]);
  expect(readdirSync(dirname(dbPath))).toEqual([]);
  expect(hasSpill(dbPath)).toBe(false);
});

test("batches are as long as asked, over chunks and characters of any length", () => {
  const records = Array.from({ length: 5_000 }, (_, n) => ({ n, text: "é😀".repeat(n % 200) }));
  spill(records);
  const batches = takeIn(100);
  expect(batches.map((batch) => batch.length)).toEqual(Array.from({ length: 50 }, () => 100));
  expect(batches.flat()).toEqual(linesOf(records));
});

test("the file stays until its last batch was taken", () => {
  spill([1, 2, 3]);
  const batches = takeInSpill(dbPath, 2);
  batches.next();
  batches.next();
  batches.return();
  expect(hasSpill(dbPath)).toBe(true);
  expect(takeIn().flat()).toEqual(["1", "2", "3"]);
});

test("what is appended while the file is taken in is not lost", () => {
  spill([1]);
  const batches = takeInSpill(dbPath, 512);
  expect(batches.next().value).toEqual(["1"]);
  spill([2]);
  const [claimed = ""] = readdirSync(dirname(dbPath)).filter(
    (name) => name !== `${basename(dbPath)}.spill.jsonl`,
  );
  appendFileSync(join(dirname(dbPath), claimed), "3\n");
  expect([...batches].flat()).toEqual(["3"]);
  expect(takeIn().flat()).toEqual(["2"]);
});

test("a line that a full disk cut in the middle stands alone", () => {
  spill([{ n: 1 }]);
  appendFileSync(`${dbPath}.spill.jsonl`, '{"n":2,"te');
  spill([{ n: 3 }]);
  expect(takeIn().flat()).toEqual(['{"n":1}', '{"n":2,"te', '{"n":3}']);
});

test("the rest of a line that was just being written is waited for", () => {
  mkdirSync(dirname(dbPath));
  writeFileSync(`${dbPath}.spill.jsonl`, '1\n{"n":');
  const batches = takeInSpill(dbPath, 512);
  expect(batches.next().value).toEqual(["1"]);
  const [claimed = ""] = readdirSync(dirname(dbPath));
  appendFileSync(join(dirname(dbPath), claimed), "2}\n3");
  expect([...batches].flat()).toEqual(['{"n":2}']);
  expect(takeIn().flat()).toEqual(["3"]);
});

test("two that take in the same file don't disturb each other", () => {
  spill([1, 2, 3]);
  const one = takeInSpill(dbPath, 2);
  const other = takeInSpill(dbPath, 2);
  expect([one.next().value, other.next().value]).toEqual([
    ["1", "2"],
    ["1", "2"],
  ]);
  expect([...one, ...other].flat()).toEqual(["3", "3"]);
  expect(hasSpill(dbPath)).toBe(false);
});

test("what is no plain file, or another user's, is left alone", () => {
  mkdirSync(`${dbPath}.spill.jsonl`, { recursive: true });
  expect(hasSpill(dbPath)).toBe(false);
  expect(takeIn()).toEqual([]);
  const [, elsewhere] = spillPathsOf(dbPath);
  expect(spill([1])).toBe(elsewhere);
  if (process.getuid?.() === 0) {
    chownSync(elsewhere, 12_345, 12_345);
    expect(hasSpill(dbPath)).toBe(false);
    expect(takeIn()).toEqual([]);
    expect(() => spill([2])).toThrow("not a regular file of this user");
  }
  rmSync(elsewhere);
});

test("a pipe in the file's place is not waited for", () => {
  mkdirSync(dirname(dbPath));
  expect(Bun.spawnSync(["mkfifo", `${dbPath}.spill.jsonl`]).exitCode).toBe(0);
  const [, elsewhere] = spillPathsOf(dbPath);
  expect(spill([1])).toBe(elsewhere);
  expect(takeIn().flat()).toEqual(["1"]);
});

test("a last line that can't be spilled again is given at once", () => {
  const paths = spillPathsOf(dbPath);
  mkdirSync(dirname(dbPath));
  writeFileSync(paths[0], "1\n2");
  const batches = takeInSpill(dbPath, 512);
  expect(batches.next().value).toEqual(["1"]);
  for (const path of paths) mkdirSync(path);
  expect(batches.next().value).toEqual(["2"]);
  // Nobody took it: by now it can be spilled.
  for (const path of paths) rmdirSync(path);
  batches.return();
  expect(takeIn().flat()).toEqual(["2"]);
});

test("a last line without its newline is taken in", () => {
  mkdirSync(dirname(dbPath));
  writeFileSync(`${dbPath}.spill.jsonl`, "1\n2");
  expect([...takeIn(), ...takeIn()].flat()).toEqual(["1", "2"]);
  expect(hasSpill(dbPath)).toBe(false);
});

test("where the folder can't be written, records spill among the temporary files, and are taken in from there", () => {
  const [, elsewhere] = spillPathsOf(dbPath);
  writeFileSync(dirname(dbPath), "a file where the folder should be");
  expect(spill([1])).toBe(elsewhere);
  expect(readFileSync(elsewhere, "utf8")).toBe("\n1\n");
  expect(hasSpill(dbPath)).toBe(true);
  expect(takeIn().flat()).toEqual(["1"]);
  expect(existsSync(elsewhere)).toBe(false);
});

test("ledgers of the same name in other folders don't share a spill file", () => {
  const [, one] = spillPathsOf(join(dir, "a", "telemetry.db"));
  const [, two] = spillPathsOf(join(dir, "b", "telemetry.db"));
  expect(one).not.toBe(two);
});
