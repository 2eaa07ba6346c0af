import { describe, expect, test } from "bun:test";
import { connect, createServer } from "node:net";
import { forwardOnce, forwardPlugin } from "../../plugins/forward";
import { planForwarding } from "../../src/forward/forward-dry-run";
import { createApp, telemetryPlugin } from "../../src/index";
import { createTelemetryStore } from "../../src/ledger/store";
import { commandLine } from "../support/dist";
import { runCli } from "../support/fake-terminal";
import { fillLedger, forwardedIds, ledgerIn } from "../support/forwarding";
import { read } from "../support/ledger";
import { numberOf } from "../support/place";
import { usePostgres } from "../support/postgres";
import { queryOnce } from "../support/postgres-server";
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
  read(
    from,
    `INSERT INTO forward_targets (target, reached_at, last_id, last_incident_id)
     VALUES ('one', '2026-01-01 00:00:00.000', 30, 2), ('two', '2026-01-01 00:00:00.000', 60, 1)`,
  );
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

interface Target {
  readonly target: string;
  readonly identity: string | null;
  readonly reached_at: string | null;
  readonly last_id: number;
}

const targetsOf = (dbPath: string) =>
  read<Target>(dbPath, "SELECT target, identity, reached_at, last_id FROM forward_targets ORDER BY target");
const forward = (from: string, to: string) => forwardOnce({ from, to, logger: recordingLogger() });
const finding = async (dbPath: string) => {
  const { out } = await runCli(["doctor", "--json", "--db", dbPath]);
  return JSON.parse(out).findings.find(({ check }: { check: string }) => check === "forwarding");
};

/** Another address of the server, as a pool or a new name gives it one. */
async function secondAddress(): Promise<{ port: number; close: () => void }> {
  const proxy = createServer((client) => {
    const behind = connect(server.port, "127.0.0.1");
    for (const [one, other] of [
      [client, behind],
      [behind, client],
    ] as const) {
      one.on("error", () => other.destroy());
      one.pipe(other);
    }
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  const address = proxy.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : 0,
    close: () => proxy.close(),
  };
}

function at(url: string, port: number): string {
  const other = new URL(url);
  other.port = `${port}`;
  return other.href;
}

describe("a target that was never reached", () => {
  test.each([
    ["mistyped", (url: string) => at(url, 1)],
    ["a database that isn't there", (url: string) => `${url}_mistyped`],
    ["a schema of another database", (url: string) => at(`${url}?schema=mistyped`, 1)],
  ])("keeps nothing, is found by doctor, and can be forgotten as doctor says: %s", async (_, mistype) => {
    const from = ledgerIn(folder, crypto.randomUUID());
    fillLedger(from, "row", 100);
    const to = server.url(await server.createDatabase());
    await thrownBy(() => forward(from, mistype(to)));
    const [wanted] = targetsOf(from);
    expect(targetsOf(from)).toEqual([{ ...wanted, identity: null, reached_at: null, last_id: 0 } as Target]);
    expect(await finding(from)).toMatchObject({
      level: "note",
      message: `never reached, so that nothing is kept for it: ${wanted?.target}`,
    });
    // The one that was meant: what it has can be purged, whatever else was typed.
    await forward(from, to);
    expect(targetsOf(from)).toHaveLength(2);
    expect(purgeAll(from)).toBe(100);

    const { remedy } = await finding(from);
    const [, command = ""] = /(runledger forward --forget .*)$/.exec(remedy) ?? [];
    const main = commandLine();
    const script = `runledger() { "${process.execPath}" "${main}" "$@"; }; ${command}`;
    expect(`${Bun.spawnSync(["bash", "-c", script]).stdout}`).toBe(`${wanted?.target} is forgotten\n`);
    expect(targetsOf(from).map(({ last_id }) => last_id)).toEqual([100]);
    expect(await finding(from)).toMatchObject({ level: "ok", message: "1 target, none behind" });
  });

  test("counts from the moment its tables are there, before it has got anything", async () => {
    const from = ledgerIn(folder, "empty-at-first");
    fillLedger(from, "row", 0);
    const to = server.url(await server.createDatabase());
    await forward(from, to);
    fillLedger(from, "row", 100);
    expect(purgeAll(from)).toBe(0);
    await forward(from, to);
    expect(purgeAll(from)).toBe(100);
    // The target has them, and the sums on both sides are still the same.
    expect(await forwardedIds(to)).toHaveLength(100);
    fillLedger(from, "after", 5, (number) => ({ completedAt: Date.UTC(2026, 5, number) }));
    expect(await forward(from, to)).toMatchObject({ forwarded: 5, duplicates: 0, rejected: 0 });
  });
});

describe("a target that was reached, and is gone", () => {
  test("is named with what it holds back, and the command, by the log of an application", async () => {
    const from = ledgerIn(folder, "gone");
    const to = server.url(await server.createDatabase());
    fillLedger(from, "row", 10);
    await forward(from, to);
    fillLedger(from, "more", 20);
    const [{ target = "", reached_at = "" } = {}] = targetsOf(from);
    const said = expect.stringMatching(/^a purge kept 20 executions and 0 incidents for /);
    const command = `runledger forward --forget '${target}' --from ${from}`;

    const stored = recordingLogger();
    using store = createTelemetryStore({ dbPath: from, logger: stored });
    expect(store.purgeOlderThan(1)).toBe(10);
    const logger = recordingLogger();
    const app = createApp({ logger }).use(telemetryPlugin, { dbPath: from, retentionDays: 1 });
    expect(await app.get(telemetryPlugin).purgeOlderThan(1)).toBe(0);
    await app.close();
    for (const { lines } of [stored, logger]) {
      expect(lines).toContainEqual(expect.objectContaining({ level: "warn", message: said }));
      const message = lines.find(({ level }) => level === "warn")?.message;
      expect(message).toContain(`for ${target}, which has got nothing since ${reached_at} UTC`);
      expect(message).toEndWith(`: ${command}`);
    }
    expect(await finding(from)).toMatchObject({
      level: "note",
      message: `behind: ${target} by 20 executions, with nothing new since ${reached_at?.slice(0, 16)} UTC; until then no purge deletes them`,
      remedy: expect.stringContaining(command),
    });
  });
});

describe("a target is known by what it calls itself:", () => {
  test("at another address, which is then its address", async () => {
    const from = ledgerIn(folder, "moved");
    const to = server.url(await server.createDatabase());
    fillLedger(from, "row", 100);
    await forward(from, to);
    const [before] = targetsOf(from);
    const pool = await secondAddress();
    fillLedger(from, "more", 50);
    expect(await planForwarding({ from, to: at(to, pool.port) })).toMatchObject({ executions: 50 });
    expect(targetsOf(from)).toHaveLength(1);
    expect(await forward(from, at(to, pool.port))).toMatchObject({ forwarded: 50, duplicates: 0 });
    expect(targetsOf(from)).toEqual([
      {
        ...(before as Target),
        target: before?.target.replace(`:${server.port}`, `:${pool.port}`) ?? "",
        reached_at: expect.any(String),
        last_id: 150,
      },
    ]);
    expect(purgeAll(from)).toBe(150);
    pool.close();
  });

  test("while it is forwarded to at two addresses at the same time", async () => {
    const from = ledgerIn(folder, "two-addresses");
    const to = server.url(await server.createDatabase());
    const pool = await secondAddress();
    fillLedger(from, "row", 10);
    const apps = [to, at(to, pool.port)].map((url) =>
      createApp({ logger: recordingLogger() }).use(forwardPlugin, { from, to: url, intervalMs: 5 }),
    );
    for (const app of apps) await app.get(forwardPlugin).flush();
    for (let round = 1; round <= 5; round += 1) {
      fillLedger(from, `round-${round}`, 10);
      for (const app of apps) await app.get(forwardPlugin).flush();
      expect(targetsOf(from)).toHaveLength(1);
    }
    for (const app of apps) await app.close();
    expect(await forwardedIds(to)).toHaveLength(60);
    expect(purgeAll(from)).toBe(60);
    pool.close();
  });

  test("another database at the same address takes its place, and gets everything", async () => {
    const from = ledgerIn(folder, "replaced-target");
    const to = server.url(await server.createDatabase());
    fillLedger(from, "row", 100);
    await forward(from, to);
    const [before] = targetsOf(from);
    await queryOnce(to, "DROP SCHEMA public CASCADE; CREATE SCHEMA public");
    expect(await forward(from, to)).toMatchObject({ forwarded: 100, rejected: 0 });
    const after = targetsOf(from);
    expect(after).toMatchObject([{ target: before?.target, last_id: 100 }]);
    expect(after[0]?.identity).not.toBe(before?.identity as string);
  });

  test("two that change places stay two", async () => {
    const from = ledgerIn(folder, "swapped");
    const [one, two] = [server.url(await server.createDatabase()), server.url(await server.createDatabase())];
    fillLedger(from, "row", 10);
    await forward(from, one);
    await forward(from, two);
    const [first, second] = [one, two].map((url) => new URL(url).pathname.slice(1));
    const elsewhere = server.url("postgres");
    for (const [name, next] of [
      [first, "aside"],
      [second, first],
      ["aside", second],
    ])
      await queryOnce(elsewhere, `ALTER DATABASE ${name} RENAME TO ${next}`);
    const identities = targetsOf(from).map(({ identity }) => identity);
    fillLedger(from, "more", 5);
    for (const url of [one, two]) expect(await forward(from, url)).toMatchObject({ forwarded: 5 });
    expect(targetsOf(from).map(({ identity }) => identity)).toEqual(identities.reverse());
    expect(purgeAll(from)).toBe(15);
  });

  test("one without a name of its own is known by its address", async () => {
    const from = ledgerIn(folder, "nameless");
    const to = server.url(await server.createDatabase());
    fillLedger(from, "row", 10);
    await forward(from, to);
    await queryOnce(to, "DELETE FROM ledger");
    fillLedger(from, "more", 5);
    expect(await forward(from, to)).toMatchObject({ forwarded: 5, duplicates: 0 });
    expect(targetsOf(from)).toHaveLength(1);
    expect(purgeAll(from)).toBe(15);
  });
});
