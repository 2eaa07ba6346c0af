import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { createTelemetryStore } from "../../src/ledger/store";
import { executionCompleted } from "../../src/testing";
import { commandLine } from "../support/dist";
import { runCli } from "../support/fake-terminal";
import { EARLIER_DESIGN, EARLIER_INSERT } from "../support/ledger";
import { countRows, filesBeside, flawsOf, newPlace } from "../support/place";
import { startHost } from "../support/remote-host";
import { runScript, startScript } from "../support/run-script";
import { tempDir } from "../support/temp-dir";

const MAIN = commandLine();
/** Commands that only read. */
const READING = [
  ["report"],
  ["executions"],
  ["executions", "--json", "--failed"],
  ["export", "--format", "csv"],
  ["incidents"],
  ["incidents", "--retry", "--dry-run"],
  ["purge", "--older-than", "1d", "--dry-run"],
  ["doctor"],
];
const WRITING = [["checkpoint"], ["purge", "--older-than", "90d"], ["incidents", "--retry"]];
const folder = tempDir();

function fileOfRecords(count: number, prefix: string): string {
  const path = join(folder, `${prefix}.jsonl`);
  const records = Array.from({ length: count }, (_, index) =>
    executionCompleted({ executionId: `${prefix}-${index}` }),
  );
  writeFileSync(path, records.map((record) => `${JSON.stringify(record)}\n`).join(""));
  return path;
}

test("every command works while an application writes 3,000 events a second, and loses nothing for it", async () => {
  const place = newPlace(folder);
  const old = Date.now() - 100 * 86_400_000;
  {
    using store = createTelemetryStore({ dbPath: place.dbPath });
    store.recordMany(Array.from({ length: 6_000 }, () => executionCompleted({ completedAt: old })));
  }
  await using host = startHost(place, { retentionDays: false });
  await host.call("ready");
  await host.call("emitSteadily", 3_000);
  const importing = ["import", fileOfRecords(3_000, "imported")];
  for (const args of [importing, ["backup", join(folder, "backup.db")], ...READING, ...WRITING]) {
    const { exitCode, stderr } = await runScript(MAIN, [...args, "--db", place.dbPath]);
    expect({ args, exitCode, stderr }).toEqual({ args, exitCode: 0, stderr: "" });
    expect((await host.call("stats")).state).toBe("open");
  }
  await host.call("stopEmitting");
  const { emitted, thrown } = await host.call("measures");
  expect(thrown).toBe(0);
  expect(await host.call("close")).toMatchObject({ written: emitted, spilled: 0, dropped: 0, rejected: 0 });
  await host.end();
  expect(countRows(place.dbPath)).toBe(emitted + 3_000);
  for (const db of [place.dbPath, join(folder, "backup.db")]) {
    expect((await runCli(["doctor", "--db", db])).exitCode).toBe(0);
  }
});

describe.each([0, 1])("on %d executions", (count) => {
  test.each([...READING, ...WRITING].map((args) => args.join(" ")))("runledger %s works", async (command) => {
    const { dbPath } = newPlace(folder);
    using store = createTelemetryStore({ dbPath });
    store.recordMany(Array.from({ length: count }, () => executionCompleted()));
    store.checkpoint();
    const { exitCode, err } = await runCli([...command.split(" "), "--db", dbPath]);
    expect({ exitCode, err }).toEqual({ exitCode: 0, err: "" });
    expect(flawsOf(dbPath)).toEqual([]);
  });
});

test("commands that read leave a ledger of the earlier design as it is, byte for byte", async () => {
  const { dbPath } = newPlace(folder);
  using database = new Database(dbPath);
  database.run(EARLIER_DESIGN);
  for (let index = 0; index < 100; index += 1) {
    database.run(EARLIER_INSERT, [
      null,
      "o/r",
      7,
      "push",
      "anthropic",
      "m",
      10,
      20,
      0,
      0,
      5,
      0.5,
      "failure",
      "s",
      1,
      null,
    ]);
  }
  chmodSync(dbPath, 0o600);
  const before = readFileSync(dbPath);
  for (const args of READING) {
    const { exitCode, out, err } = await runCli([...args, "--db", dbPath]);
    expect({ args, exitCode, err }).toEqual({ args, exitCode: 0, err: "" });
    if (args[0] === "executions" && args.length > 1) expect(out.trim().split("\n")).toHaveLength(100);
  }
  expect(readFileSync(dbPath).equals(before)).toBe(true);
  expect(filesBeside(dbPath)).toEqual(["telemetry.db"]);
});

// The superuser may write anywhere, unless he does without.
const UNPRIVILEGED =
  process.getuid?.() === 0 ? ["setpriv", "--bounding-set=-dac_override", "--inh-caps=-dac_override"] : [];
const canBeUnprivileged = UNPRIVILEGED.length === 0 || Bun.which("setpriv") !== null;

test.skipIf(!canBeUnprivileged)(
  "commands that read work where nothing can be written (needs setpriv as root)",
  async () => {
    const { dbPath } = newPlace(folder);
    createTelemetryStore({ dbPath }).close();
    await runCli(["import", fileOfRecords(10, "readable"), "--db", dbPath]);
    const before = readFileSync(dbPath);
    chmodSync(dbPath, 0o400);
    chmodSync(dirname(dbPath), 0o500);
    try {
      for (const args of READING) {
        const { exitCode, stderr } = await startScript(MAIN, [...args, "--db", dbPath], {}, UNPRIVILEGED)
          .finished;
        expect({ args, exitCode, stderr }).toEqual({ args, exitCode: 0, stderr: "" });
      }
      for (const args of WRITING) {
        const { exitCode, stderr } = await startScript(MAIN, [...args, "--db", dbPath], {}, UNPRIVILEGED)
          .finished;
        expect({ args, exitCode, stderr }).toEqual({
          args,
          exitCode: 1,
          stderr: expect.stringMatching(/^runledger: Can't open the ledger .*\n$/),
        });
      }
    } finally {
      chmodSync(dirname(dbPath), 0o700);
    }
    expect(readFileSync(dbPath).equals(before)).toBe(true);
    expect(filesBeside(dbPath)).toEqual(["telemetry.db"]);
  },
);

/** A file system that can only be read, with a folder's content on it; `undefined` where mounting is not permitted. */
function mountReadOnly(source: string): (Disposable & { readonly path: string }) | undefined {
  const path = join(folder, "mounted");
  mkdirSync(path, { recursive: true });
  const isMounted =
    Bun.spawnSync(["mount", "--bind", source, path], { stderr: "ignore" }).success &&
    Bun.spawnSync(["mount", "-o", "remount,bind,ro", path], { stderr: "ignore" }).success;
  const unmount = () => void Bun.spawnSync(["umount", "--lazy", path], { stderr: "ignore" });
  if (isMounted) return { path, [Symbol.dispose]: unmount };
  unmount();
  return undefined;
}

const canMount = (() => {
  using mounted = mountReadOnly(folder);
  return mounted !== undefined;
})();

test.skipIf(!canMount)("commands that read work on a read-only file system (needs mount)", async () => {
  const { dbPath } = newPlace(folder);
  createTelemetryStore({ dbPath }).close();
  await runCli(["import", fileOfRecords(10, "mounted"), "--db", dbPath]);
  using mounted = mountReadOnly(dirname(dbPath));
  const db = join(mounted?.path ?? "", "telemetry.db");
  for (const args of READING) {
    const { exitCode, err } = await runCli([...args, "--db", db]);
    expect({ args, exitCode, err }).toEqual({ args, exitCode: 0, err: "" });
  }
  for (const args of WRITING) {
    const { exitCode, err } = await runCli([...args, "--db", db]);
    expect({ args, exitCode, lines: err.match(/\n/g)?.length }).toEqual({ args, exitCode: 1, lines: 1 });
  }
});
