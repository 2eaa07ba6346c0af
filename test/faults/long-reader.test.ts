import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { statSync } from "node:fs";
import { WAL_KEPT_BYTES } from "../../src/ledger/open";
import { expectAccounted } from "../support/accounting";
import { read } from "../support/ledger";
import { countRows, filesBeside, flawsOf, newPlace } from "../support/place";
import { startHost } from "../support/remote-host";
import { tempDir } from "../support/temp-dir";

/** Large, so that few fill the -wal. */
const LARGE = { stopReason: "x".repeat(8_000) };
const EVENTS_AT_A_TIME = 1_000;
const STARVED_BYTES = 64 << 20;
const dir = tempDir();

test("a long reader that starves checkpoints until the -wal is above 64 MiB makes one warning with the remedy and one incident, costs no row, and the file shrinks when the reader has ended", async () => {
  const place = newPlace(dir);
  await using host = startHost(place);
  await host.call("emit", 1);
  await host.call("flush");
  let emitted = 1;
  const walBytes = () => statSync(`${place.dbPath}-wal`).size;
  {
    using reader = new Database(place.dbPath, { readonly: true });
    reader.run("BEGIN");
    reader.query("SELECT count(*) FROM executions").get();
    // Well beyond, so that several checkpoints find it so.
    while (walBytes() < 1.5 * STARVED_BYTES) {
      await host.call("emit", EVENTS_AT_A_TIME, LARGE);
      await host.call("flush");
      emitted += EVENTS_AT_A_TIME;
    }
    reader.run("ROLLBACK");
  }
  await host.call("checkpoint");
  // The first write after a checkpoint that got through begins the file anew.
  await host.call("emit", EVENTS_AT_A_TIME);
  await host.call("flush");
  emitted += EVENTS_AT_A_TIME;
  expect(walBytes()).toBeLessThanOrEqual(WAL_KEPT_BYTES);
  expectAccounted(await host.call("close"), emitted);
  const { exitCode, stderr } = await host.end();
  expect(exitCode).toBe(0);
  const log = stderr
    .trim()
    .split("\n")
    .map((line): unknown => JSON.parse(line));
  expect(log).toEqual([
    expect.objectContaining({
      level: 40,
      msg: expect.stringMatching(/long read.*64 MiB.*readers should open, query and finish/),
    }),
  ]);
  expect(filesBeside(place.dbPath)).toEqual(["telemetry.db"]);
  expect(read(place.dbPath, "SELECT kind, count, reason FROM incidents")).toEqual([
    { kind: "degraded", count: 1, reason: expect.stringContaining("64 MiB") },
  ]);
  expect(countRows(place.dbPath)).toBe(emitted);
  expect(flawsOf(place.dbPath)).toEqual([]);
});
