import { describe, expect, test } from "bun:test";
import { expectAccounted } from "../support/accounting";
import { tries } from "../support/effort";
import { countRows, flawsOf, lockLedger, newPlace, spilledLines } from "../support/place";
import { startHost } from "../support/remote-host";
import { tempDir } from "../support/temp-dir";

const LOCK_MS = tries(2_500, 8_000);
const PER_SECOND = 1_000;
const dir = tempDir();

test(`while another process holds the write lock for ${LOCK_MS / 1_000} s, events go on, nothing is lost, and neither emit nor the event loop waits for it; inline, nothing is lost either`, async () => {
  const places = { thread: newPlace(dir), inline: newPlace(dir), control: newPlace(dir) };
  await using threaded = startHost(places.thread);
  await using inline = startHost(places.inline, { writer: "inline" });
  await using control = startHost(places.control);
  await Promise.all([threaded.call("ready"), inline.call("ready"), control.call("ready")]);
  // From now on nobody listens to it.
  await control.call("close");
  {
    using _lock = lockLedger(places.thread.dbPath);
    using _otherLock = lockLedger(places.inline.dbPath);
    await threaded.call("emitSteadily", PER_SECOND);
    await inline.call("emitSteadily", PER_SECOND);
    await control.call("emitSteadily", PER_SECOND);
    await Bun.sleep(LOCK_MS);
    expect(await threaded.call("stats")).toMatchObject({ written: 0, spilled: 0 });
    expect(await inline.call("stats")).toMatchObject({ written: 0, spilled: 0, state: "degraded" });
  }
  await control.call("stopEmitting");
  const idle = await control.call("measures");
  for (const [host, place] of [
    [threaded, places.thread],
    [inline, places.inline],
  ] as const) {
    await host.call("flush");
    await host.call("stopEmitting");
    const measures = await host.call("measures");
    const report = await host.call("close");
    expect(measures.emitted).toBeGreaterThan(idle.emitted * 0.9);
    expect(measures.thrown).toBe(0);
    expect(report).toMatchObject({ written: measures.emitted, timedOut: false });
    expectAccounted(report, measures.emitted);
    expect(countRows(place.dbPath)).toBe(measures.emitted);
    expect(flawsOf(place.dbPath)).toEqual([]);
    expect((await host.end()).exitCode).toBe(0);
    if (host === threaded) {
      // Whoever waits for the lock waits as long as it is held; what else this machine holds up, the control tells.
      expect(measures.longestEmitMs).toBeLessThan(idle.longestStallMs + LOCK_MS / 4);
      expect(measures.longestStallMs).toBeLessThan(idle.longestStallMs + LOCK_MS / 4);
    }
  }
});

describe("with the writer blocked, 50,000 events and a queue of 1,000", () => {
  const EVENTS = 50_000;
  const MAX_QUEUE_SIZE = 1_000;
  const MAX_BATCH_SIZE = 512;
  /** Measured: 26 MiB while it is blocked, 56 MiB while all of it is taken in. */
  const HIGHEST_GROWTH_BYTES = 100 << 20;

  test("memory is bounded, the rest waits in the spill file, and all of it is rows in the end", async () => {
    const place = newPlace(dir);
    await using host = startHost(place, { maxQueueSize: MAX_QUEUE_SIZE });
    await host.call("ready");
    const baseline = await host.call("settleMemory");
    {
      using _lock = lockLedger(place.dbPath);
      await host.call("emit", EVENTS);
      const stats = await host.call("stats");
      expect(stats.queued).toBeLessThanOrEqual(MAX_QUEUE_SIZE + MAX_BATCH_SIZE);
      expect(stats.written).toBe(0);
      expectAccounted(stats, EVENTS);
      expect(spilledLines(place)).toHaveLength(stats.spilled);
    }
    await host.call("flush");
    const { highestRssBytes } = await host.call("measures");
    expect(highestRssBytes - baseline).toBeLessThan(HIGHEST_GROWTH_BYTES);
    const stats = await host.call("stats");
    expect(stats).toMatchObject({ received: EVENTS, queued: 0, dropped: 0, takenIn: stats.spilled });
    expectAccounted(await host.call("close"), EVENTS);
    expect(countRows(place.dbPath)).toBe(EVENTS);
    expect(spilledLines(place)).toEqual([]);
    expect(flawsOf(place.dbPath)).toEqual([]);
    expect((await host.end()).exitCode).toBe(0);
  });
});
