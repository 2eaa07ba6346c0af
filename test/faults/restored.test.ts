import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { copyFileSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { createTelemetryStore } from "../../src/ledger/store";
import { executionCompleted } from "../../src/testing";
import { expectAccounted } from "../support/accounting";
import { read } from "../support/ledger";
import { flawsOf, newPlace, type Place, storedIds } from "../support/place";
import { type RemoteHost, startHost } from "../support/remote-host";
import { tempDir } from "../support/temp-dir";

// Backups that are put in a ledger's place while an application writes it.

const dir = tempDir();
const BACKED_UP = 60;
const BEFORE = 300;
const AFTER = 40;

const idsFrom = (first: number, count: number) =>
  Array.from({ length: count }, (_, index) => `event-${first + index}`);

/** Emits as many events as the backup shall have, makes it, and emits more: some in the file, the last in the -wal. */
async function writeAndBackUp(host: RemoteHost, place: Place, how: "cp" | "VACUUM INTO"): Promise<string> {
  const backup = join(place.temporary, "backup.db");
  await host.call("emit", BACKED_UP);
  await host.call("flush");
  await host.call("checkpoint");
  if (how === "cp") {
    copyFileSync(place.dbPath, backup);
  } else {
    using database = new Database(place.dbPath);
    database.run("VACUUM INTO ?", [backup]);
  }
  await host.call("emit", BEFORE);
  await host.call("checkpoint");
  // Purging comes after all other maintenance: nothing is under way any more.
  await host.call("purgeOlderThan", 10_000);
  await host.call("emit", AFTER);
  await host.call("flush");
  return backup;
}

function rescuedIn(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => name.includes(".rescued-"))
    .map((name) => join(folder, name));
}

/** The application goes on in the backup, which then has its rows and all that came after. */
async function expectGoesOn(host: RemoteHost, place: Place): Promise<void> {
  await host.call("emit", AFTER);
  await host.call("flush");
  const emitted = BACKED_UP + BEFORE + AFTER + AFTER;
  expectAccounted(await host.call("close"), emitted);
  expect((await host.end()).exitCode).toBe(0);
  expect(storedIds(place.dbPath)).toEqual([
    ...idsFrom(1, BACKED_UP),
    ...idsFrom(BACKED_UP + BEFORE + AFTER + 1, AFTER),
  ]);
  expect(flawsOf(place.dbPath)).toEqual([]);
  expect(read(place.dbPath, "SELECT reason FROM incidents WHERE kind = 'degraded'")).toEqual([
    { reason: expect.stringContaining("while it was open") },
  ]);
}

describe.each(["thread", "inline"] as const)("with the writer %s, a backup", (writer) => {
  test.each(["cp", "VACUUM INTO"] as const)(
    "made by %s that is copied over the open file is gone on with, and what only the -wal had is saved",
    async (how) => {
      const place = newPlace(dir);
      await using host = startHost(place, { writer });
      const backup = await writeAndBackUp(host, place, how);
      copyFileSync(backup, place.dbPath);
      await expectGoesOn(host, place);
      const [rescued = ""] = rescuedIn(dirname(place.dbPath));
      expect(storedIds(rescued)).toEqual(idsFrom(BACKED_UP + BEFORE + 1, AFTER));
      expect(flawsOf(rescued)).toEqual([]);
    },
  );

  test("of another ledger that is copied over the open file is gone on with", async () => {
    const place = newPlace(dir);
    const other = join(place.temporary, "other.db");
    {
      using store = createTelemetryStore({ dbPath: other });
      const records = idsFrom(1, BACKED_UP).map((executionId) => executionCompleted({ executionId }));
      store.recordMany(records);
    }
    await using host = startHost(place, { writer });
    await writeAndBackUp(host, place, "cp");
    copyFileSync(other, place.dbPath);
    await expectGoesOn(host, place);
  });

  test("is noticed within a second or so while nothing is emitted", async () => {
    const place = newPlace(dir);
    await using host = startHost(place, { writer });
    const backup = await writeAndBackUp(host, place, "cp");
    copyFileSync(backup, place.dbPath);
    while (rescuedIn(dirname(place.dbPath)).length === 0) await Bun.sleep(20);
    await expectGoesOn(host, place);
  });

  test("that is moved over what a symbolic link leads to is gone on with, and what was in the old file is saved", async () => {
    const place = newPlace(dir);
    const target = join(place.temporary, "target", "real.db");
    mkdirSync(dirname(target));
    createTelemetryStore({ dbPath: target }).close();
    symlinkSync(target, place.dbPath);
    await using host = startHost(place, { writer });
    const backup = await writeAndBackUp(host, place, "cp");
    renameSync(backup, target);
    await expectGoesOn(host, place);
    const [rescued = ""] = rescuedIn(dirname(target));
    expect(storedIds(rescued)).toEqual(idsFrom(1, BACKED_UP + BEFORE + AFTER));
    expect(readdirSync(dirname(place.dbPath))).toEqual(["telemetry.db"]);
  });

  test("that a symbolic link leads to from now on is gone on with, and the old file is whole", async () => {
    const place = newPlace(dir);
    const target = join(place.temporary, "real.db");
    createTelemetryStore({ dbPath: target }).close();
    symlinkSync(target, place.dbPath);
    await using host = startHost(place, { writer });
    const backup = await writeAndBackUp(host, place, "cp");
    rmSync(place.dbPath);
    symlinkSync(backup, place.dbPath);
    await expectGoesOn(host, place);
    expect(storedIds(target)).toEqual(idsFrom(1, BACKED_UP + BEFORE + AFTER));
    expect(flawsOf(target)).toEqual([]);
    expect(rescuedIn(dirname(target))).toEqual([]);
  });
});
