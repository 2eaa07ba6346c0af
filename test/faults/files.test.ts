import { describe, expect, test } from "bun:test";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";
import { createTelemetryStore } from "../../src/index";
import { executionCompleted } from "../../src/testing";
import { expectAccounted } from "../support/accounting";
import { tries } from "../support/effort";
import { read } from "../support/ledger";
import {
  countRows,
  filesBeside,
  flawsOf,
  newPlace,
  type Place,
  spilledLines,
  storedIds,
} from "../support/place";
import { type RemoteHost, startHost } from "../support/remote-host";
import { tempDir } from "../support/temp-dir";

const EVENTS = tries(1_000, 2_000);
/** Too few for a checkpoint. */
const IN_WAL = 100;
const GARBAGE = Buffer.from("no database at all, but something that somebody may want to keep. ".repeat(500));
const UNHARMED = { thrown: 0 };
const SOON = { closeTimeoutMs: 500, exitTimeoutMs: 500 };
const dir = tempDir();

// Root may write everywhere; without this capability it is a user like any other.
const UNPRIVILEGED =
  process.getuid?.() === 0 ? ["setpriv", "--bounding-set=-dac_override", "--inh-caps=-dac_override"] : [];
const canBeUnprivileged = UNPRIVILEGED.length === 0 || Bun.which("setpriv") !== null;

/**
 * Lets an application write EVENTS events, the last of which only the -wal has, and waits until its writer has nothing
 * left to do: what it is in the midst of, such as a checkpoint, no check before it could call back.
 */
async function writeSome(host: RemoteHost): Promise<void> {
  await host.call("emit", EVENTS - IN_WAL);
  await host.call("checkpoint");
  // Purging comes after all other maintenance.
  await host.call("purgeOlderThan", 10_000);
  await host.call("emit", IN_WAL);
  await host.call("flush");
}

/** Ends an application that can't write its ledger; everything it could not write must be in a spill file. */
async function expectSpilled(
  host: RemoteHost,
  place: Place,
  written: number,
  spilled: number,
): Promise<void> {
  expect(await host.call("measures")).toMatchObject({ emitted: written + spilled, ...UNHARMED });
  while ((await host.call("stats")).state !== "degraded") await Bun.sleep(5);
  expect((await host.call("stats")).lastError).toBeString();
  const report = await host.call("close");
  expect(report).toMatchObject({ written, spilled, dropped: 0, queued: 0 });
  expectAccounted(report, written + spilled);
  expect((await host.end()).exitCode).toBe(0);
  expect(spilledLines(place)).toHaveLength(spilled);
}

/** The next application on the ledger takes in what was spilled. */
async function expectTakenIn(place: Place, rows: number): Promise<void> {
  await using host = startHost(place, {}, { prefix: "next" });
  await host.call("emit", 1);
  await host.call("flush");
  expectAccounted(await host.call("close"), 1);
  expect((await host.end()).exitCode).toBe(0);
  expect(spilledLines(place)).toEqual([]);
  expect(read(place.dbPath, "SELECT reason FROM incidents WHERE kind = 'rejected'")).toEqual([]);
  expect(countRows(place.dbPath)).toBe(rows + 1);
  expect(new Set(storedIds(place.dbPath)).size).toBe(rows + 1);
  expect(flawsOf(place.dbPath)).toEqual([]);
}

test.skipIf(!canBeUnprivileged)(
  "in a folder that is read-only from the start, the application is unharmed, the ledger untouched, and all events are spilled and taken in later (needs setpriv as root)",
  async () => {
    const place = newPlace(dir);
    {
      using store = createTelemetryStore({ dbPath: place.dbPath });
      store.record(executionCompleted());
    }
    const bytes = readFileSync(place.dbPath);
    chmodSync(dirname(place.dbPath), 0o555);
    // Longer than the test may take: it is not waited for.
    await using host = startHost(place, { closeTimeoutMs: 60_000 }, { launcher: UNPRIVILEGED });
    await host.call("emit", EVENTS);
    await host.call("emitSteadily", 1_000);
    await Bun.sleep(200);
    await host.call("stopEmitting");
    const { emitted } = await host.call("measures");
    await expectSpilled(host, place, 0, emitted);
    chmodSync(dirname(place.dbPath), 0o755);
    expect(readFileSync(place.dbPath).equals(bytes)).toBe(true);
    expect(filesBeside(place.dbPath)).toEqual(["telemetry.db"]);
    await expectTakenIn(place, emitted + 1);
  },
  20_000,
);

describe.each(["thread", "inline"] as const)("with the writer %s,", (writer) => {
  const options = { ...SOON, writer };

  test("a file that is garbage from the start stays byte for byte, and all events are spilled and taken in once it is moved away", async () => {
    const place = newPlace(dir);
    writeFileSync(place.dbPath, GARBAGE);
    await using host = startHost(place, options);
    await host.call("emit", EVENTS);
    await expectSpilled(host, place, 0, EVENTS);
    expect(readFileSync(place.dbPath).equals(GARBAGE)).toBe(true);
    expect(filesBeside(place.dbPath)).toEqual(["telemetry.db", "telemetry.db.spill.jsonl"]);
    rmSync(place.dbPath);
    await expectTakenIn(place, EVENTS);
  });

  test("a file that garbage is renamed over while it is open: the garbage stays byte for byte, and everything emitted is spilled, or in what was rescued", async () => {
    const place = newPlace(dir);
    await using host = startHost(place, options);
    await writeSome(host);
    writeFileSync(`${place.dbPath}.new`, GARBAGE);
    renameSync(`${place.dbPath}.new`, place.dbPath);
    await host.call("emit", EVENTS);
    await expectSpilled(host, place, EVENTS, EVENTS);
    expect(readFileSync(place.dbPath).equals(GARBAGE)).toBe(true);
    const rescued = filesBeside(place.dbPath).find((name) => name.startsWith("telemetry.db.rescued-"));
    expect(rescued).toBeString();
    expect(countRows(`${dirname(place.dbPath)}/${rescued}`)).toBe(EVENTS);
    rmSync(place.dbPath);
    await expectTakenIn(place, EVENTS);
  });

  test("a file that is overwritten with garbage while it is open: the garbage stays byte for byte, and everything emitted since is spilled", async () => {
    const place = newPlace(dir);
    await using host = startHost(place, options);
    await writeSome(host);
    writeFileSync(place.dbPath, GARBAGE);
    await host.call("emit", EVENTS);
    await expectSpilled(host, place, EVENTS, EVENTS);
    expect(readFileSync(place.dbPath).equals(GARBAGE)).toBe(true);
    rmSync(place.dbPath);
    await expectTakenIn(place, EVENTS);
  });

  test("garbage that is there when an idle application just ends stays byte for byte too", async () => {
    const place = newPlace(dir);
    await using host = startHost(place, options);
    await writeSome(host);
    writeFileSync(place.dbPath, GARBAGE);
    expect((await host.end()).exitCode).toBe(0);
    expect(readFileSync(place.dbPath).equals(GARBAGE)).toBe(true);
  });

  test("a file that another ledger is renamed over, such as a backup, is used from then on and is not damaged by what the old one left", async () => {
    const place = newPlace(dir);
    const backup = `${place.dbPath}.backup`;
    await using host = startHost(place, options);
    await host.call("emit", 100);
    await host.call("checkpoint");
    copyFileSync(place.dbPath, backup);
    for (let turn = 0; turn < 3; turn += 1) {
      await host.call("emit", EVENTS);
      await host.call("flush");
    }
    renameSync(backup, place.dbPath);
    await host.call("emit", EVENTS);
    expect(await host.call("measures")).toMatchObject(UNHARMED);
    expectAccounted(await host.call("close"), 100 + 4 * EVENTS);
    expect((await host.end()).exitCode).toBe(0);
    expect(flawsOf(place.dbPath)).toEqual([]);
    expect(countRows(place.dbPath)).toBe(100 + EVENTS);
  });

  test("a file that is emptied while it is open becomes a sound ledger of everything emitted since", async () => {
    const place = newPlace(dir);
    await using host = startHost(place, options);
    await writeSome(host);
    truncateSync(place.dbPath);
    await host.call("emit", EVENTS);
    await host.call("flush");
    expect(await host.call("measures")).toMatchObject(UNHARMED);
    expectAccounted(await host.call("close"), 2 * EVENTS);
    expect((await host.end()).exitCode).toBe(0);
    expect(flawsOf(place.dbPath)).toEqual([]);
    expect(storedIds(place.dbPath)).toContain(`event-${2 * EVENTS}`);
    expect(countRows(place.dbPath)).toBe(EVENTS);
  });

  test.each([
    ["alone", [""]],
    ["with its -wal and -shm", ["", "-wal", "-shm"]],
  ] as const)(
    "a file that is deleted, %s, while it is open is put back with every row",
    async (_, suffixes) => {
      const place = newPlace(dir);
      await using host = startHost(place, options);
      await host.call("emit", EVENTS);
      await host.call("flush");
      for (const suffix of suffixes) rmSync(place.dbPath + suffix);
      await host.call("emit", EVENTS);
      await host.call("flush");
      expect(existsSync(place.dbPath)).toBe(true);
      expect(await host.call("measures")).toMatchObject(UNHARMED);
      const report = await host.call("close");
      expect(report).toMatchObject({ written: 2 * EVENTS });
      expectAccounted(report, 2 * EVENTS);
      expect((await host.end()).exitCode).toBe(0);
      expect(filesBeside(place.dbPath)).toEqual(["telemetry.db"]);
      expect(countRows(place.dbPath)).toBe(2 * EVENTS);
      expect(flawsOf(place.dbPath)).toEqual([]);
    },
    20_000,
  );
});
