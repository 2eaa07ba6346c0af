import { describe, expect, test } from "bun:test";
import { DAY_MS } from "../../src/record/time";
import { expectAccounted } from "../support/accounting";
import { read } from "../support/ledger";
import { countRows, flawsOf, newPlace, numberOf, storedIds } from "../support/place";
import { startHost } from "../support/remote-host";
import { tempDir } from "../support/temp-dir";

const dir = tempDir();
const RETENTION_DAYS = 90;

const storedTimes = (dbPath: string) =>
  Object.fromEntries(
    read<{ execution_id: string; created_at: string }>(
      dbPath,
      "SELECT execution_id, created_at FROM executions",
    ).map(({ execution_id, created_at }) => [execution_id, created_at]),
  );
const storedTimeOf = (epochMs: number) => new Date(epochMs).toISOString().slice(0, -1).replace("T", " ");

test("a completedAt far in the past or the future is stored as said, and a purge deletes exactly by it, the future never", async () => {
  const place = newPlace(dir);
  await using host = startHost(place, { retentionDays: RETENTION_DAYS });
  await host.call("ready");
  const cutoffMs = Date.now() - RETENTION_DAYS * DAY_MS;
  const times = {
    "year 0": Date.parse("0000-01-01T00:00:00.000Z"),
    "year 1970": 0,
    "a minute before the cutoff": cutoffMs - 60_000,
    "a minute after the cutoff": cutoffMs + 60_000,
    now: Date.now(),
    "year 2100": Date.UTC(2100, 0),
    "year 9999": Date.parse("9999-12-31T23:59:59.999Z"),
  };
  const events = Object.entries(times).map(([executionId, completedAt]) => ({ executionId, completedAt }));
  await host.call("emitAll", events);
  await host.call("flush");
  expect(storedTimes(place.dbPath)).toEqual(
    Object.fromEntries(
      events.map(({ executionId, completedAt }) => [executionId, storedTimeOf(completedAt)]),
    ),
  );

  expect(await host.call("purgeOlderThan", RETENTION_DAYS)).toBe(3);
  expect(storedIds(place.dbPath)).toEqual(["a minute after the cutoff", "now", "year 2100", "year 9999"]);
  expect(numberOf(place.dbPath, "SELECT sum(executions) FROM usage_daily")).toBe(7);

  // Purged once, it can't be told from a duplicate; what was kept can.
  await host.call("emitAll", events);
  await host.call("flush");
  expect(await host.call("stats")).toMatchObject({ received: 14, written: 7, duplicates: 4, rejected: 3 });
  expectAccounted(await host.call("close"), 14);
  expect((await host.end()).exitCode).toBe(0);
  expect(numberOf(place.dbPath, "SELECT count(*) FROM incidents WHERE kind = 'rejected'")).toBe(3);
  expect(numberOf(place.dbPath, "SELECT sum(executions) FROM usage_daily")).toBe(7);
});

describe.each(["thread", "inline"] as const)("the clock of an application with the writer %s,", (writer) => {
  test("set back by days, stamps what comes then, in the order of coming, and loses nothing", async () => {
    const place = newPlace(dir);
    await using host = startHost(place, { writer, retentionDays: RETENTION_DAYS });
    await host.call("ready");
    await host.call("emit", 100);
    await host.call("flush");
    await host.call("moveClock", -3 * DAY_MS);
    await host.call("emit", 100);
    await host.call("flush");
    expectAccounted(await host.call("close"), 200);
    expect((await host.end()).exitCode).toBe(0);
    const times = read<{ created_at: string }>(place.dbPath, "SELECT created_at FROM executions ORDER BY id");
    const agesInDays = times.map(({ created_at }) =>
      Math.round((Date.now() - Date.parse(`${created_at}Z`)) / DAY_MS),
    );
    expect(agesInDays).toEqual([...Array<number>(100).fill(0), ...Array<number>(100).fill(3)]);
    expect(flawsOf(place.dbPath)).toEqual([]);
  });
});

test("a clock that was ten years ahead while a purge ran, and then is right again, does not keep later events out", async () => {
  const place = newPlace(dir);
  // Inline, so that the writer's clock is the one that is moved.
  await using host = startHost(place, { writer: "inline", retentionDays: RETENTION_DAYS });
  await host.call("emit", 100);
  await host.call("flush");
  await host.call("moveClock", 3_650 * DAY_MS);
  await host.call("emit", 10);
  await host.call("flush");
  expect(await host.call("purgeOlderThan", RETENTION_DAYS)).toBe(100);
  await host.call("moveClock", -3_650 * DAY_MS);
  await host.call("emit", 100);
  await host.call("flush");
  expect(await host.call("stats")).toMatchObject({ written: 210, rejected: 0 });
  expectAccounted(await host.call("close"), 210);
  expect((await host.end()).exitCode).toBe(0);
  expect(countRows(place.dbPath)).toBe(110);
  expect(numberOf(place.dbPath, "SELECT sum(executions) FROM usage_daily")).toBe(210);
});
