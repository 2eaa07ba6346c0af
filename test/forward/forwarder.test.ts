import { describe, expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { forwardOnce } from "../../plugins/forward";
import { forwardLedger } from "../../src/forward/forward-ledger";
import type { ForwardReport } from "../../src/forward/forward-tally";
import { Forwarder, type ForwarderEvents } from "../../src/forward/forwarder";
import { parseForwardOptions } from "../../src/forward/options";
import { openPostgres } from "../../src/postgres/connection";
import { parsePostgresUrl } from "../../src/postgres/url";
import { expectForwarded, fillLedger, forwardedIds, ledgerIn } from "../support/forwarding";
import { lockLedger } from "../support/place";
import { usePostgres } from "../support/postgres";
import { queryOnce } from "../support/postgres-server";
import { recordingLogger } from "../support/recording-logger";
import { tempDir } from "../support/temp-dir";

const server = usePostgres();
const folder = tempDir();
const newUrl = async () => server.url(await server.createDatabase());

/** What a forwarder told, in order. */
function listener() {
  const told: string[] = [];
  const events: ForwarderEvents = {
    onOpen: () => void told.push("open"),
    onDegraded: ({ kind }) => void told.push(kind),
    onSent: ({ forwarded }) => void told.push(`sent ${forwarded}`),
    onBehind: () => {},
    onRejected: () => {},
    onNotice: () => {},
    isFinal: () => false,
  };
  return { told, events };
}

describe("a forwarder", () => {
  test("waits for the ledger, forwards on demand, and drains before it ends", async () => {
    const to = await newUrl();
    const from = ledgerIn(folder, "demand");
    const { told, events } = listener();
    const forwarder = new Forwarder(parseForwardOptions({ from, to, intervalMs: 5 }), events);
    const ended = forwarder.run();
    while (told.length === 0) await Bun.sleep(1);
    fillLedger(from, "first", 10);
    await forwarder.flush();
    fillLedger(from, "second", 20);
    forwarder.drain(60_000);
    await ended;
    expect(told).toEqual(["absent", "sent 10", "open", "sent 20"]);
    await expectForwarded(to, [from]);
  });

  test("a ledger that was there and is gone is a failure, until there is one again", async () => {
    const to = await newUrl();
    const from = ledgerIn(folder, "gone");
    fillLedger(from, "old", 10);
    const { told, events } = listener();
    const forwarder = new Forwarder(parseForwardOptions({ from, to, intervalMs: 5 }), events);
    const ended = forwarder.run();
    await forwarder.flush();
    for (const suffix of ["", "-wal", "-shm"]) rmSync(from + suffix, { force: true });
    while (told.at(-1) !== "lasting") await Bun.sleep(1);
    fillLedger(from, "new", 20);
    await forwarder.flush();
    forwarder.drain(60_000);
    await ended;
    expect(told).toEqual(["sent 10", "open", "lasting", "sent 20", "open"]);
  });

  test("says what has to be mended next, too", async () => {
    const database = await server.createDatabase();
    const role = `turned_away_${database}`;
    await queryOnce(server.url(database), `CREATE ROLE ${role} NOLOGIN PASSWORD 'first'`);
    const from = ledgerIn(folder, "two-reasons");
    fillLedger(from, "row", 1);
    const reasons: string[] = [];
    const { events } = listener();
    const to = server.url(database, { user: role, password: "first" });
    const forwarder = new Forwarder(parseForwardOptions({ from, to }), {
      ...events,
      onDegraded: ({ error }) => void reasons.push(/(28\w{3}):/.exec(error.message)?.[1] ?? error.message),
    });
    const ended = forwarder.run();
    while (reasons.length < 1) await Bun.sleep(5);
    // One after the other: an attempt that has read the old password must have been turned away before the role may log
    // in.
    await queryOnce(server.url(database), `ALTER ROLE ${role} PASSWORD 'second'`);
    await queryOnce(server.url(database), "SELECT pg_sleep(0.5)");
    await queryOnce(server.url(database), `ALTER ROLE ${role} LOGIN`);
    while (reasons.length < 2) await Bun.sleep(5);
    forwarder.stop();
    await ended;
    expect(reasons).toEqual(["28000", "28P01"]);
  });

  test("is done with what was there when it was asked, whatever comes meanwhile", async () => {
    const to = await newUrl();
    const from = ledgerIn(folder, "steady");
    fillLedger(from, "row", 10);
    let fills = 0;
    const fillMore = () => {
      fills += 1;
      fillLedger(from, `more-${fills}`, 5);
    };
    const { events } = listener();
    const forwarder = new Forwarder(parseForwardOptions({ from, to, batchSize: 5 }), {
      ...events,
      // Before each look for more, there is more.
      onSent: fillMore,
    });
    const ended = forwarder.run();
    await forwarder.flush();
    forwarder.drain(60_000);
    await ended;
    const once = await forwardLedger({ from, to, batchSize: 5, onProgress: fillMore }, true);
    expect(once.forwarded).toBeGreaterThan(0);
  });

  test("that drains ends with the first failure, or when its time is over", async () => {
    const from = ledgerIn(folder, "drain");
    fillLedger(from, "row", 100);
    const down = listener();
    const failing = new Forwarder(
      parseForwardOptions({ from, to: "postgres://bot@127.0.0.1:1/database" }),
      down.events,
    );
    const ended = failing.run();
    failing.drain(60_000);
    await ended;
    expect(down.told).toEqual(["passing"]);

    const short = listener();
    const limited = new Forwarder(
      parseForwardOptions({ from, to: await newUrl(), batchSize: 10 }),
      short.events,
    );
    const over = limited.run();
    limited.drain(0);
    await over;
    expect(short.told).toEqual(["sent 10", "open"]);
  });

  test("says once that it doesn't work, and once that it does again", async () => {
    const to = await newUrl();
    const from = ledgerIn(folder, "again");
    fillLedger(from, "row", 10);
    const { told, events } = listener();
    const forwarder = new Forwarder(parseForwardOptions({ from, to, intervalMs: 5 }), events);
    const ended = forwarder.run();
    await forwarder.flush();
    await server.crash();
    fillLedger(from, "meanwhile", 10);
    while (!told.includes("passing")) await Bun.sleep(1);
    await server.start();
    await forwarder.flush();
    forwarder.stop();
    await ended;
    expect(told).toEqual(["sent 10", "open", "passing", "sent 10", "open"]);
  });

  test("whose target is full keeps everything, says so once, and goes on when there is room", async () => {
    const to = await newUrl();
    const from = ledgerIn(folder, "full");
    fillLedger(from, "row", 10);
    await forwardOnce({ from, to });
    fillLedger(from, "more", 10);
    // The server's own error for a full disk.
    await queryOnce(
      to,
      `CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'No space left on device' USING ERRCODE = 'disk_full'; END $$;
      CREATE TRIGGER full_disk BEFORE INSERT ON executions FOR EACH ROW EXECUTE FUNCTION full_disk()`,
    );
    const { told, events } = listener();
    const forwarder = new Forwarder(parseForwardOptions({ from, to, intervalMs: 5 }), events);
    const ended = forwarder.run();
    while (told.length === 0) await Bun.sleep(1);
    await queryOnce(to, "DROP TRIGGER full_disk ON executions");
    await forwarder.flush();
    forwarder.stop();
    await ended;
    expect(told).toEqual(["passing", "sent 10", "open"]);
    await expectForwarded(to, [from]);
  });

  test("whose ledger is locked by another program tries again", async () => {
    const to = await newUrl();
    const from = ledgerIn(folder, "locked");
    fillLedger(from, "row", 10);
    await forwardOnce({ from, to });
    fillLedger(from, "more", 10);
    const lock = lockLedger(from);
    const { told, events } = listener();
    const forwarder = new Forwarder(parseForwardOptions({ from, to, intervalMs: 5 }), events);
    const ended = forwarder.run();
    while (told.length === 0) await Bun.sleep(1);
    lock[Symbol.dispose]();
    await forwarder.flush();
    forwarder.stop();
    await ended;
    expect(told[0]).toBe("passing");
    await expectForwarded(to, [from]);
  });
});

describe("forwarding once", () => {
  test("waits for a server that goes away in the midst of it", async () => {
    const to = await newUrl();
    const from = ledgerIn(folder, "midst");
    fillLedger(from, "row", 1_000);
    const logger = recordingLogger();
    let crashed: Promise<void> | undefined;
    const report = await forwardOnce({
      ...{ from, to, logger, batchSize: 50 },
      onProgress({ forwarded }) {
        if (forwarded >= 500) crashed ??= server.crash().then(() => server.start());
      },
    });
    await crashed;
    expect(report).toMatchObject({ rejected: 0, behind: 0 });
    expect(report.forwarded + report.duplicates).toBeLessThanOrEqual(1_000);
    await expectForwarded(to, [from]);
    expect(logger.lines.map(({ level }) => level)).toEqual(["error", "warn"]);
  });

  test("ends after the batch that is under way when its signal says so", async () => {
    const to = await newUrl();
    const from = ledgerIn(folder, "signal");
    fillLedger(from, "row", 100);
    const controller = new AbortController();
    const reports: ForwardReport[] = [];
    const report = await forwardOnce({
      ...{ from, to, batchSize: 10, signal: controller.signal },
      onProgress(progress) {
        reports.push(progress);
        if (progress.forwarded > 0) controller.abort();
      },
    });
    expect(report).toMatchObject({ forwarded: 10, behind: 90 });
    expect(reports.at(-1)).toEqual(report);
    expect(await forwardOnce({ from, to, signal: controller.signal })).toMatchObject({ forwarded: 0 });
    expect(await forwardedIds(to)).toHaveLength(10);
  });

  test("following ends at what never worked, and only a person can mend", async () => {
    const from = ledgerIn(folder, "follow");
    fillLedger(from, "row", 10);
    const following = forwardLedger({ from, to: server.url("nowhere"), logger: recordingLogger() }, false);
    await expect(following).rejects.toThrow("3D000");
  });
});

describe("a connection that doesn't end in time is cut", () => {
  const neverEnding = async () => {
    const { db, close } = await openPostgres(parsePostgresUrl(server.url("postgres")));
    const sleeping = db.selectNoFrom(({ fn, lit }) => fn("pg_sleep", [lit(600)]).as("slept")).execute();
    const outcome = sleeping.then(
      () => "done",
      () => "cut",
    );
    return { close, outcome };
  };

  test("while it waits for an answer", async () => {
    const { close, outcome } = await neverEnding();
    const isAsleep =
      "SELECT 1 FROM pg_stat_activity WHERE query LIKE '%pg_sleep(600)%' AND pid <> pg_backend_pid()";
    while ((await queryOnce(server.url("postgres"), isAsleep)).length === 0) await Bun.sleep(50);
    await close(10);
    expect(await outcome).toBe("cut");
  });

  test("when it is only being made", async () => {
    const { close, outcome } = await neverEnding();
    await close(0);
    expect(await outcome).toBe("cut");
  });
});
