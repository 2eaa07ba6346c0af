import { describe, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { createTelemetryStore } from "../../src/index";
import { executionCompleted } from "../../src/testing";
import { expectAccounted } from "../support/accounting";
import { read } from "../support/ledger";
import {
  countRows,
  filesBeside,
  flawsOf,
  newPlace,
  numberOf,
  type Place,
  spilledLines,
  storedIds,
} from "../support/place";
import { startHost } from "../support/remote-host";
import { tempDir } from "../support/temp-dir";

const dir = tempDir();

/** Leaves a spill file, as a process would that could not write its ledger. */
function leaveSpill({ dbPath }: Place, lines: readonly string[], ending = "\n"): void {
  mkdirSync(dirname(dbPath), { recursive: true });
  writeFileSync(`${dbPath}.spill.jsonl`, `\n${lines.join("\n")}${ending}`);
}

const lineOf = (id: string) => JSON.stringify(executionCompleted({ executionId: id }));
const ids = (count: number) => Array.from({ length: count }, (_, index) => `spilled-${index}`);

describe("a spill file that an earlier process left", () => {
  test("is taken in at the next start and removed; a duplicate changes nothing, and a truncated last line is an incident", async () => {
    const place = newPlace(dir);
    {
      using store = createTelemetryStore({ dbPath: place.dbPath });
      store.record(executionCompleted({ executionId: "spilled-0" }));
    }
    const cut = lineOf("never whole").slice(0, 40);
    leaveSpill(place, [...ids(1_000).map(lineOf), lineOf("spilled-500"), cut], "");
    await using host = startHost(place);
    await host.call("emit", 10);
    await host.call("flush");
    const stats = await host.call("stats");
    expect(stats).toMatchObject({ received: 10, written: 10, takenIn: 1_002 });
    expectAccounted(await host.call("close"), 10);
    expect((await host.end()).exitCode).toBe(0);
    expect(filesBeside(place.dbPath)).toEqual(["telemetry.db"]);
    expect(countRows(place.dbPath)).toBe(1_010);
    expect(new Set(storedIds(place.dbPath)).size).toBe(1_010);
    expect(read(place.dbPath, "SELECT kind, count, payload FROM incidents")).toEqual([
      { kind: "rejected", count: 1, payload: cut },
    ]);
    expect(flawsOf(place.dbPath)).toEqual([]);
  });

  test("is taken in exactly once by two processes that start at once, whichever of them has it", async () => {
    const place = newPlace(dir);
    const [SPILLED, CLAIMED] = [20_000, 200];
    leaveSpill(place, ids(SPILLED).map(lineOf));
    // Others that processes had claimed before they were killed: the two meet at each of them.
    for (let file = 0; file < CLAIMED; file += 1) {
      const name = `telemetry.db.spill.claimed-${file}.jsonl`;
      writeFileSync(join(dirname(place.dbPath), name), `${lineOf(`claimed-${file}`)}\n`);
    }
    await using one = startHost(place, {}, { prefix: "one" });
    await using other = startHost(place, {}, { prefix: "other" });
    for (const host of [one, other]) await host.call("emit", 500);
    await Promise.all([one, other].map((host) => host.call("flush")));
    for (const host of [one, other]) {
      expectAccounted(await host.call("close"), 500);
      expect(await host.end()).toMatchObject({ exitCode: 0, stderr: "" });
    }
    expect(spilledLines(place)).toEqual([]);
    expect(countRows(place.dbPath)).toBe(SPILLED + CLAIMED + 1_000);
    expect(numberOf(place.dbPath, "SELECT count(DISTINCT execution_id) FROM executions")).toBe(
      SPILLED + CLAIMED + 1_000,
    );
    expect(numberOf(place.dbPath, "SELECT count(*) FROM incidents")).toBe(0);
    expect(flawsOf(place.dbPath)).toEqual([]);
  });
});
