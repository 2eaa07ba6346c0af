import { describe, expect, test } from "bun:test";
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";
import { expectAccounted } from "../support/accounting";
import { tries } from "../support/effort";
import { countRows, flawsOf, newPlace, type Place, spilledLines, storedIds } from "../support/place";
import { type RemoteHost, startHost } from "../support/remote-host";
import { tempDir } from "../support/temp-dir";

const BEFORE = 1_000;
const EVENTS = tries(12_000, 20_000);
const DISK_BYTES = 48 << 20;
/** Less than the events need. */
const FILE_LIMIT_KIB = 2_048;
const dir = tempDir();

const canMount = isPermitted(() => mountDisk(join(dir, "try"))[Symbol.dispose]());
const noMount = canMount ? "" : " (skipped: mounting a tmpfs is not permitted)";

describe("a disk that is full", () => {
  test.skipIf(!canMount)(
    `does the application no harm; with room again, all events are rows${noMount}`,
    async () => {
      const place = newPlace(dir);
      using _disk = mountDisk(dirname(place.dbPath));
      // A small queue, so that there is something to spill too, for which there is no room beside the ledger either.
      await using host = startHost(place, { maxQueueSize: 5_000 });
      const ballast = await fillDisk(host, place);
      expect(spilledLines(place).length).toBeGreaterThan(0);
      rmSync(ballast);
      await host.call("flush");
      const stats = await host.call("stats");
      expect(stats).toMatchObject({ state: "open", dropped: 0, queued: 0 });
      await expectAllRows(host, place);
    },
    30_000,
  );

  test.skipIf(!canMount)(
    `until the application ends: what it could not store is spilled elsewhere, and taken in by the next start${noMount}`,
    async () => {
      const place = newPlace(dir);
      using _disk = mountDisk(dirname(place.dbPath));
      const written = await (async () => {
        await using host = startHost(place, { closeTimeoutMs: 500 });
        await fillDisk(host, place);
        const report = await host.call("close");
        expectAccounted(report, BEFORE + EVENTS);
        expect(report).toMatchObject({ dropped: 0, queued: 0, timedOut: true });
        expect((await host.end()).exitCode).toBe(0);
        expect(report.spilled).toBeGreaterThan(0);
        return report.written;
      })();
      expect(written).toBeLessThan(BEFORE + EVENTS);
      rmSync(join(dirname(place.dbPath), "ballast"));
      await using next = startHost(place, {}, { prefix: "next" });
      await next.call("emit", 1);
      await next.call("flush");
      expectAccounted(await next.call("close"), 1);
      expect((await next.end()).exitCode).toBe(0);
      expectSound(place, BEFORE + EVENTS + 1);
    },
    30_000,
  );
});

const canLimit = Bun.which("prlimit") !== null && Bun.which("bash") !== null;

test.skipIf(!canLimit)(
  `a limit on the size of files does the application no harm; when it is lifted, all events are rows${canLimit ? "" : " (skipped: needs bash and prlimit)"}`,
  async () => {
    const place = newPlace(dir);
    const script = `trap "" XFSZ; ulimit -S -f ${FILE_LIMIT_KIB}; exec "$@"`;
    await using host = startHost(place, {}, { launcher: ["bash", "-c", script, "bash"] });
    await host.call("emit", BEFORE);
    await host.call("flush");
    await host.call("emit", EVENTS);
    await untilDegraded(host);
    expect(Bun.spawnSync(["prlimit", "--fsize=unlimited", "--pid", `${host.process.pid}`]).success).toBe(
      true,
    );
    await host.call("flush");
    expect(await host.call("stats")).toMatchObject({ state: "open", spilled: 0, dropped: 0, queued: 0 });
    await expectAllRows(host, place);
  },
  30_000,
);

/** Lets the application write, fills its disk, and lets it go on; gives the file that fills the disk. */
async function fillDisk(host: RemoteHost, { dbPath }: Place): Promise<string> {
  await host.call("emit", BEFORE);
  await host.call("flush");
  const ballast = join(dirname(dbPath), "ballast");
  const file = openSync(ballast, "w");
  try {
    for (const block = Buffer.alloc(4_096); ; ) writeSync(file, block);
  } catch (error) {
    expect(error).toMatchObject({ code: "ENOSPC" });
  } finally {
    closeSync(file);
  }
  await host.call("emit", EVENTS);
  await untilDegraded(host);
  expect((await host.call("stats")).lastError).toContain("Make room on the disk");
  return ballast;
}

async function untilDegraded(host: RemoteHost): Promise<void> {
  while ((await host.call("stats")).state !== "degraded") await Bun.sleep(5);
  expect((await host.call("stats")).written).toBeLessThan(BEFORE + EVENTS);
  expect(await host.call("measures")).toMatchObject({ emitted: BEFORE + EVENTS, thrown: 0 });
}

async function expectAllRows(host: RemoteHost, place: Place): Promise<void> {
  expectAccounted(await host.call("close"), BEFORE + EVENTS);
  expect((await host.end()).exitCode).toBe(0);
  expectSound(place, BEFORE + EVENTS);
}

function expectSound(place: Place, rows: number): void {
  expect(spilledLines(place)).toEqual([]);
  expect(countRows(place.dbPath)).toBe(rows);
  expect(new Set(storedIds(place.dbPath)).size).toBe(rows);
  expect(flawsOf(place.dbPath)).toEqual([]);
}

/** Mounts a small disk, until it is disposed of; hosts that use it are to be declared after it. */
function mountDisk(folder: string): Disposable {
  mkdirSync(folder, { recursive: true });
  const { success, stderr } = Bun.spawnSync([
    "mount",
    "-t",
    "tmpfs",
    "-o",
    `size=${DISK_BYTES}`,
    "tmpfs",
    folder,
  ]);
  if (!success) throw new Error(`mount failed: ${stderr}`);
  return { [Symbol.dispose]: () => void Bun.spawnSync(["umount", "--lazy", folder]) };
}

function isPermitted(action: () => void): boolean {
  try {
    action();
    return true;
  } catch {
    return false;
  }
}
