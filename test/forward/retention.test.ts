import { expect, test } from "bun:test";
import { forwardOnce } from "../../plugins/forward";
import { createTelemetryStore } from "../../src/ledger/store";
import { fillLedger, forwardedIds, ledgerIn } from "../support/forwarding";
import { read } from "../support/ledger";
import { countRows, numberOf } from "../support/place";
import { usePostgres } from "../support/postgres";
import { recordingLogger } from "../support/recording-logger";
import { tempDir } from "../support/temp-dir";
import { thrownBy } from "../support/thrown-by";

const server = usePostgres();
const folder = tempDir();

function purgeAll(dbPath: string): number {
  using store = createTelemetryStore({ dbPath, logger: recordingLogger() });
  return store.purgeOlderThan(0);
}

test("a purge deletes nothing that a target hasn't got, whichever of two is further behind", async () => {
  const from = ledgerIn(folder, "behind");
  fillLedger(from, "row", 100);
  read(from, "INSERT INTO incidents (at, kind, reason) VALUES ('2026-01-01 00:00:00.000', 'dropped', 'one')");
  read(from, "INSERT INTO incidents (at, kind, reason) VALUES ('2026-01-01 00:00:00.000', 'dropped', 'two')");
  read(from, "INSERT INTO forward_targets VALUES ('one', 30, 2), ('two', 60, 1)");
  expect(purgeAll(from)).toBe(30);
  expect(numberOf(from, "SELECT min(id) FROM executions")).toBe(31);
  expect(numberOf(from, "SELECT min(id) FROM incidents")).toBe(2);
  // Nothing that is still there counts as purged.
  const [purged] = read<{ value: string }>(from, "SELECT value FROM ledger WHERE key = 'purged_before'");
  const [oldest] = read<{ at: string }>(from, "SELECT min(created_at) AS at FROM executions");
  expect((purged?.value ?? "") <= (oldest?.at ?? "")).toBe(true);

  read(from, "DELETE FROM forward_targets WHERE target = 'one'");
  expect(purgeAll(from)).toBe(30);
  read(from, "DELETE FROM forward_targets");
  expect(purgeAll(from)).toBe(40);
});

test("a target is registered before it is first reached, so that nothing is purged meanwhile", async () => {
  const from = ledgerIn(folder, "unreached");
  fillLedger(from, "row", 100);
  const database = await server.createDatabase();
  const down = new URL(server.url(database));
  down.port = "1";
  await thrownBy(() => forwardOnce({ from, to: down.href }));
  expect(purgeAll(from)).toBe(0);
  expect(countRows(from)).toBe(100);

  const to = server.url(database);
  await forwardOnce({ from, to });
  expect(purgeAll(from)).toBe(0);
  read(from, "DELETE FROM forward_targets WHERE target LIKE '%:1/%'");
  expect(purgeAll(from)).toBe(100);
  // The target has them, and the sums on both sides are still the same.
  expect(await forwardedIds(to)).toHaveLength(100);
  fillLedger(from, "after", 5, (number) => ({ completedAt: Date.UTC(2026, 5, number) }));
  expect(await forwardOnce({ from, to })).toMatchObject({ forwarded: 5, duplicates: 0, rejected: 0 });
});
