import { describe, expect, test } from "bun:test";
import { createTelemetryStore } from "../../src/index";
import { expectAccounted } from "../support/accounting";
import { read } from "../support/ledger";
import { countRows, flawsOf, newPlace, storedIds } from "../support/place";
import { startHost } from "../support/remote-host";
import { tempDir } from "../support/temp-dir";

const EVENTS = 1_000;
const REFUSED = 471;
const dir = tempDir();

describe.each(["thread", "inline"] as const)("with the writer %s", (writer) => {
  test("of 1,000 events, one that a trigger of the database refuses becomes an incident with payload and reason; 999 are rows", async () => {
    const place = newPlace(dir);
    createTelemetryStore({ dbPath: place.dbPath }).close();
    read(
      place.dbPath,
      `CREATE TRIGGER refuse BEFORE INSERT ON executions WHEN new.repo = 'octo-org/refused'
       BEGIN SELECT RAISE(ABORT, 'no row of this repo'); END`,
    );
    await using host = startHost(place, { writer });
    await host.call("emit", REFUSED - 1);
    await host.call("emit", 1, { repo: "octo-org/refused" });
    await host.call("emit", EVENTS - REFUSED);
    await host.call("flush");
    const stats = await host.call("stats");
    expect(stats).toMatchObject({ received: EVENTS, written: EVENTS - 1, rejected: 1, state: "open" });
    expectAccounted(await host.call("close"), EVENTS);
    const { exitCode, stderr } = await host.end();
    expect(exitCode).toBe(0);
    const log = stderr
      .trim()
      .split("\n")
      .map((line): unknown => JSON.parse(line));
    expect(log).toEqual([
      expect.objectContaining({
        level: 40,
        count: 1,
        reason: expect.stringContaining("no row of this repo"),
      }),
    ]);

    expect(countRows(place.dbPath)).toBe(EVENTS - 1);
    expect(storedIds(place.dbPath)).not.toContain(`event-${REFUSED}`);
    expect(read(place.dbPath, "SELECT kind, count, reason, payload FROM incidents")).toEqual([
      {
        kind: "rejected",
        count: 1,
        reason: expect.stringContaining("no row of this repo"),
        payload: expect.stringContaining(`"executionId":"event-${REFUSED}"`),
      },
    ]);
    expect(flawsOf(place.dbPath)).toEqual([]);
  });
});
