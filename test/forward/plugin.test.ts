import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { type ForwardPluginOptions, forwardPlugin } from "../../plugins/forward";
import { ForwardSupervisor } from "../../src/forward/forward-supervisor";
import { parseForwardOptions } from "../../src/forward/options";
import { createApp, telemetryPlugin } from "../../src/index";
import { executionCompleted } from "../../src/testing";
import { type StartedWorker, startWorker } from "../../src/worker";
import { expectForwarded, fillLedger, forwardedIds, ledgerIn } from "../support/forwarding";
import { read } from "../support/ledger";
import { usePostgres } from "../support/postgres";
import { type LogLine, recordingLogger } from "../support/recording-logger";
import { tempDir } from "../support/temp-dir";

const server = usePostgres();
const folder = tempDir();
const newUrl = async () => server.url(await server.createDatabase());

/** An application with both plugins on one ledger. */
function createBot(from: string, to: string, options: Partial<ForwardPluginOptions> = {}) {
  const logger = recordingLogger();
  const app = createApp({ logger })
    .use(forwardPlugin, { from, to, intervalMs: 10, ...options })
    .use(telemetryPlugin, { dbPath: from, retentionDays: false });
  return { app, logger, forwarding: app.get(forwardPlugin), telemetry: app.get(telemetryPlugin) };
}

function emit({ app }: ReturnType<typeof createBot>, prefix: string, count: number): void {
  for (let number = 1; number <= count; number += 1) {
    const run = executionCompleted({ executionId: `${prefix}-${number}`, costUsd: number / 64 });
    app.emitter.emit("execution:completed", run);
  }
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await Bun.sleep(5);
}

/** Warnings and errors. */
function shown(lines: readonly LogLine[]): string[] {
  return lines.filter(({ level }) => level !== "info").map(({ level, message }) => `${level}: ${message}`);
}

test("what an application emits is on the target when it has closed, the last executions too", async () => {
  const to = await newUrl();
  const from = ledgerIn(folder, "drained");
  const bot = createBot(from, to);
  await bot.forwarding.ready;
  emit(bot, "first", 100);
  await bot.telemetry.flush();
  await bot.forwarding.flush();
  expect(await forwardedIds(to)).toHaveLength(100);
  expect(bot.forwarding.stats()).toEqual({
    ...{ forwarded: 100, duplicates: 0, rejected: 0, incidents: 0, behind: 0 },
    ...{ state: "open", lastError: undefined, restarts: 0 },
  });

  emit(bot, "last", 2_500);
  await bot.app.close();
  expect(await bot.forwarding.close()).toMatchObject({ forwarded: 2_600, behind: 0, timedOut: false });
  expect(bot.forwarding.stats().state).toBe("closed");
  await expectForwarded(to, [from]);
  expect(shown(bot.logger.lines)).toEqual([]);
  expect([`${from}-wal`, `${from}-shm`].filter(existsSync)).toEqual([]);
  await expect(bot.forwarding.flush()).rejects.toThrow("closed");
});

test("the plugin waits for a ledger that isn't there yet, and never makes one", async () => {
  const to = await newUrl();
  const from = ledgerIn(folder, "late");
  const logger = recordingLogger();
  const app = createApp({ logger }).use(forwardPlugin, { from, to, intervalMs: 10 });
  const forwarding = app.get(forwardPlugin);
  await until(() => logger.lines.length > 0);
  expect(logger.lines).toEqual([
    expect.objectContaining({
      level: "info",
      message: expect.stringContaining("there is no ledger to forward yet"),
    }),
  ]);
  expect(forwarding.stats()).toMatchObject({ state: "opening", lastError: undefined });
  expect(existsSync(from)).toBe(false);

  const flushed = forwarding.flush();
  fillLedger(from, "late", 100);
  await forwarding.ready;
  await flushed;
  expect(forwarding.stats()).toMatchObject({ state: "open", forwarded: 100 });
  await app.close();
});

test("a target that is down harms nobody: close says what is left, and it goes at the next start", async () => {
  const database = await server.createDatabase();
  const from = ledgerIn(folder, "down");
  const down = new URL(server.url(database));
  down.port = "1";
  const bot = createBot(from, down.href);
  emit(bot, "row", 100);
  await bot.telemetry.flush();
  await until(() => bot.forwarding.stats().state === "degraded");
  expect(bot.forwarding.stats().lastError).toContain("ECONNREFUSED");
  await bot.app.close();
  expect(bot.telemetry.stats()).toMatchObject({ written: 100, state: "closed" });
  expect(await bot.forwarding.close()).toMatchObject({ forwarded: 0, behind: 100, timedOut: false });
  await expect(bot.forwarding.ready).rejects.toThrow("closed");
  expect(shown(bot.logger.lines)).toEqual([
    expect.stringMatching(/^error: executions can't be forwarded; .*ECONNREFUSED/),
    expect.stringContaining("warn: executions are not forwarded yet"),
  ]);
  expect(Bun.inspect([bot.logger.lines, bot.forwarding, bot.app], { depth: 10 })).not.toContain(
    "not-a-secret",
  );

  const to = server.url(database);
  const next = createBot(from, to);
  await next.app.close();
  await expectForwarded(to, [from]);
});

test("a target that hangs holds closing up no longer than its deadline", async () => {
  const from = ledgerIn(folder, "hanging");
  fillLedger(from, "row", 10);
  const silent = createServer(() => {});
  await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
  const bot = createBot(from, `postgres://bot@127.0.0.1:${portOf(silent)}/database`, { closeTimeoutMs: 100 });
  await until(() => bot.forwarding.stats().behind === 10);
  await bot.app.close();
  expect(await bot.forwarding.close()).toMatchObject({ behind: 10, timedOut: true });
  silent.close();
});

function portOf(listening: Server): number {
  const address = listening.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

test("a server that crashes and comes back is one line in the log each, and nothing is missing", async () => {
  const to = await newUrl();
  const from = ledgerIn(folder, "crash");
  const bot = createBot(from, to);
  emit(bot, "before", 100);
  await bot.telemetry.flush();
  await bot.forwarding.flush();
  await server.crash();
  emit(bot, "meanwhile", 100);
  await until(() => bot.forwarding.stats().state === "degraded");
  await server.start();
  await until(() => bot.forwarding.stats().state === "open");
  await bot.app.close();
  expect(shown(bot.logger.lines)).toEqual([
    expect.stringContaining("error: executions can't be forwarded"),
    "warn: executions are forwarded again",
  ]);
  await expectForwarded(to, [from]);
});

test("a ledger that is replaced while it is forwarded is opened anew", async () => {
  const to = await newUrl();
  const from = ledgerIn(folder, "replaced");
  fillLedger(from, "old", 100);
  const logger = recordingLogger();
  const app = createApp({ logger }).use(forwardPlugin, { from, to, intervalMs: 10 });
  const forwarding = app.get(forwardPlugin);
  await forwarding.flush();
  await Bun.file(from).delete();
  fillLedger(from, "new", 200);
  await forwarding.flush();
  expect(forwarding.stats()).toMatchObject({ forwarded: 300, duplicates: 0 });
  expect(await forwardedIds(to)).toHaveLength(300);
  expect(read(from, "SELECT last_id FROM forward_targets")).toEqual([{ last_id: 200 }]);
  await app.close();
});

test("a thread that ends is started again, and gets again what it was asked", async () => {
  const to = await newUrl();
  const from = ledgerIn(folder, "restarted");
  fillLedger(from, "row", 800);
  const threads: StartedWorker[] = [];
  const forwarding = new ForwardSupervisor(
    parseForwardOptions({ from, to, batchSize: 25 }),
    recordingLogger(),
    (entry, events) => {
      const thread = startWorker(entry, events);
      threads.push(thread);
      return thread;
    },
  );
  const flushed = forwarding.flush();
  for (const share of [1, 2, 3]) {
    await until(() => forwarding.stats().forwarded >= share * 200);
    threads.at(-1)?.terminate();
    await until(() => threads.length > share);
  }
  await flushed;
  expect(forwarding.stats()).toMatchObject({ restarts: 3, state: "open" });
  expect(await forwarding.close()).toMatchObject({ behind: 0, timedOut: false });
  await expectForwarded(to, [from]);
});

test("where no thread can be started, one line in the log says so, and close doesn't wait for it", async () => {
  const logger = recordingLogger();
  const forwarding = new ForwardSupervisor(
    parseForwardOptions({
      from: ledgerIn(folder, "none"),
      to: "postgres://bot@host/database",
      closeTimeoutMs: 50,
    }),
    logger,
    () => {
      throw new Error("no threads here");
    },
  );
  await until(() => forwarding.stats().restarts > 3);
  expect(shown(logger.lines)).toEqual([expect.stringContaining("can't be started")]);
  expect(forwarding.stats().lastError).toContain("no threads here");
  expect(await forwarding.close()).toMatchObject({ timedOut: true });
});

test("an application that is closed already gets no thread", () => {
  const host = {
    emitter: { on() {}, off() {} },
    onClose() {
      throw new Error("closed");
    },
  };
  expect(() => forwardPlugin.setup(host, { from: "x.db", to: "postgres://bot@host/database" })).toThrow(
    "closed",
  );
});
