import { describe, expect, test } from "bun:test";
import { once } from "node:events";
import { chmodSync, existsSync, writeFileSync } from "node:fs";
import { type AddressInfo, connect, createServer } from "node:net";
import { join } from "node:path";
import { dashboardPlugin } from "../../plugins/dashboard";
import { run } from "../../src/cli/run";
import { DashboardSupervisor } from "../../src/dashboard/dashboard-supervisor";
import { SECURITY_HEADERS } from "../../src/dashboard/guard";
import { parseDashboardOptions } from "../../src/dashboard/options";
import type { FromServer } from "../../src/dashboard/protocol";
import { isSlow } from "../../src/dashboard/questions";
import { Readers } from "../../src/dashboard/readers";
import { startThreadReader } from "../../src/dashboard/thread-reader";
import { createApp, telemetryPlugin } from "../../src/index";
import { executionCompleted } from "../../src/testing";
import { THREADS } from "../../src/threads";
import { type StartedWorker, startWorker, type WorkerEvents } from "../../src/worker";
import { serveDashboard } from "../support/dashboard-server";
import { fakeTerminal, runCli } from "../support/fake-terminal";
import { filesBeside, makeLedger, newPath } from "../support/read-ledgers";
import { recordingLogger } from "../support/recording-logger";
import { tempDir } from "../support/temp-dir";
import { thrownBy } from "../support/thrown-by";

/** Resolves when a condition holds. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await Bun.sleep(5);
}

const report = async (url: string) => (await fetch(`${url}api/report`)).json() as Promise<{ totals: object }>;

test("an application serves what it records, from a thread, and leaves no file behind", async () => {
  const db = newPath();
  const logger = recordingLogger();
  const app = createApp({ logger })
    .use(telemetryPlugin, { dbPath: db })
    .use(dashboardPlugin, { db, port: 0 });
  const dashboard = app.get(dashboardPlugin);
  const url = await dashboard.ready;
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
  expect(dashboard.stats()).toEqual({ state: "open", url, lastError: undefined, restarts: 0 });
  expect(dashboard.link()).toBe(url);
  app.emitter.emit("execution:completed", executionCompleted());
  await app.get(telemetryPlugin).flush();
  expect((await report(url)).totals).toMatchObject({ executions: 1 });
  const metrics = await fetch(`${url}metrics`);
  expect(await metrics.text()).toContain("runledger_executions_total{");
  const foreign = await fetch(`${url}metrics`, { headers: { host: "evil.example" } });
  expect(foreign.status).toBe(403);
  await app.close();
  expect(filesBeside(db)).toEqual(["telemetry.db"]);
  expect(dashboard.stats().state).toBe("closed");
  expect((await thrownBy(() => dashboard.link())).code).toBe("CLOSED");
  expect(logger.lines.filter(({ level }) => level !== "info")).toEqual([]);
});

test("a port that is taken is one line in the log, and the host goes on", async () => {
  await using taken = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response("mine") });
  const db = newPath();
  const logger = recordingLogger();
  const app = createApp({ logger })
    .use(telemetryPlugin, { dbPath: db })
    .use(dashboardPlugin, { db, port: taken.port ?? 0 });
  const dashboard = app.get(dashboardPlugin);
  await until(() => dashboard.stats().state === "waiting");
  expect(dashboard.stats().lastError).toBe(`port ${taken.port} is taken`);
  app.emitter.emit("execution:completed", executionCompleted());
  await app.close();
  expect(app.get(telemetryPlugin).stats()).toMatchObject({ written: 1 });
  expect(logger.lines.filter(({ level }) => level === "error")).toEqual([
    {
      level: "error",
      bindings: { reason: `port ${taken.port} is taken` },
      message: "the dashboard can't be opened; the application goes on without it, and it tries again",
    },
  ]);
  expect((await thrownBy(() => dashboard.ready)).code).toBe("CLOSED");
});

test("the server tells that its port is taken", async () => {
  const other = createServer().listen(0, "127.0.0.1");
  await once(other, "listening");
  const { port } = other.address() as AddressInfo;
  await expect(serveDashboard(makeLedger(1), port)).rejects.toThrow(`port ${port} is taken`);
  other.close();
});

test("a request with a body is refused by an answer like any other, whatever its size", async () => {
  await using dashboard = await serveDashboard(makeLedger(1));
  const { hostname, port } = new URL(dashboard.url);
  /** What comes back, when no more of the body is sent than its beginning. */
  const answerTo = async (...head: readonly string[]) => {
    const socket = connect(Number(port), hostname);
    socket.write([...head, `Host: ${hostname}:${port}`, "", "a"].join("\r\n"));
    const [chunk] = await once(socket, "data");
    socket.destroy();
    return String(chunk).toLowerCase();
  };
  for (const [status, ...head] of [
    ["405", "POST /api/report HTTP/1.1", "Content-Length: 1"],
    ["405", "POST / HTTP/1.1", "Content-Length: 99999999999"],
    ["405", "PUT /metrics HTTP/1.1", "Transfer-Encoding: chunked"],
    ["400", "GET /api/report HTTP/1.1", "Content-Length: 99999999999"],
    ["400", "GET /api/report HTTP/1.1", "Transfer-Encoding: chunked"],
  ] as const) {
    const answer = await answerTo(...head);
    expect(answer).toStartWith(`http/1.1 ${status} `);
    for (const [name, value] of Object.entries(SECURITY_HEADERS))
      expect(answer).toContain(`${name}: ${value.toLowerCase()}\r\n`);
  }
  expect(await report(dashboard.url)).toMatchObject({ totals: { executions: 1 } });
});

test("an address that this machine has not is named", async () => {
  const options = parseDashboardOptions({ db: makeLedger(1), port: 0, host: "192.0.2.1" });
  await using dashboard = new DashboardSupervisor(options, recordingLogger());
  await until(() => dashboard.stats().state === "waiting");
  expect(dashboard.stats().lastError).toBe("host 192.0.2.1 is no address of this machine");
  const { err } = await runCli(["dashboard", "--db", makeLedger(1), "--host", "192.0.2.1"]);
  expect(err).toBe(
    "runledger: The dashboard can't be opened: host 192.0.2.1 is no address of this machine. Name another one with --host.\n",
  );
});

test("a dead thread is started again, at the same port", async () => {
  const threads: StartedWorker[] = [];
  const options = parseDashboardOptions({ db: makeLedger(3), port: 0 });
  await using dashboard = new DashboardSupervisor(options, recordingLogger(), {
    startThread(entry, events) {
      const thread = startWorker(entry, events);
      threads.push(thread);
      return thread;
    },
  });
  const url = await dashboard.ready;
  threads[0]?.terminate();
  await until(() => dashboard.stats().restarts === 1 && threads.length === 2);
  const answer = async (): Promise<{ totals: object }> => report(url).catch(() => answer());
  expect((await answer()).totals).toMatchObject({ executions: 3 });
  expect(dashboard.stats()).toMatchObject({ state: "open", url, restarts: 1 });
});

test("a thread that can't be started harms nobody, and is logged once", async () => {
  const logger = recordingLogger();
  const options = parseDashboardOptions({ db: newPath(), port: 0 });
  await using dashboard = new DashboardSupervisor(options, logger, {
    startThread() {
      throw new Error("no threads here");
    },
  });
  await until(() => dashboard.stats().restarts > 2);
  expect(dashboard.stats()).toMatchObject({
    state: "failed",
    lastError: "the dashboard's thread ended: no threads here",
  });
  expect(logger.lines.map(({ message }) => message)).toEqual([
    expect.stringContaining("the dashboard's thread can't be started"),
  ]);
});

test("a thread that served before and ends at its start is said to be started again, and is open when it serves", async () => {
  const logger = recordingLogger();
  const events: WorkerEvents<FromServer>[] = [];
  const options = parseDashboardOptions({ db: newPath(), port: 0 });
  await using dashboard = new DashboardSupervisor(options, logger, {
    startThread(_, some) {
      events.push(some);
      return { post: () => {}, terminate: () => {} };
    },
  });
  const next = async () => {
    const count = events.length;
    await until(() => events.length > count);
    return events.at(-1);
  };
  events[0]?.onMessage({ type: "started" });
  events[0]?.onMessage({ type: "listening", port: 4_681 });
  expect(dashboard.stats().state).toBe("open");
  events[0]?.onEnd(new Error("out of memory"));
  expect(dashboard.stats().state).toBe("opening");
  const second = await next();
  second?.onMessage({ type: "started" });
  second?.onEnd(new Error("first"));
  (await next())?.onEnd(new Error("second"));
  (await next())?.onEnd(new Error("third"));
  expect(dashboard.stats()).toMatchObject({ state: "opening", restarts: 4 });
  expect(logger.lines.filter(({ level }) => level === "error")).toEqual([
    {
      level: "error",
      bindings: { reason: "second" },
      message: "the dashboard's thread ends before it serves; it is started again, after ever longer pauses",
    },
  ]);
  (await next())?.onMessage({ type: "listening", port: 4_681 });
  expect(dashboard.stats()).toMatchObject({ state: "open", url: "http://127.0.0.1:4681/" });
});

test("also a thread that was started again is closed before it is ended", async () => {
  const steps: string[] = [];
  const events: WorkerEvents<FromServer>[] = [];
  const options = parseDashboardOptions({ db: newPath(), port: 0 });
  const dashboard = new DashboardSupervisor(options, recordingLogger(), {
    startThread(_, some) {
      events.push(some);
      return {
        post: (message) => steps.push(Object(message)["type"] ?? "start"),
        terminate: () => steps.push("terminate"),
      };
    },
  });
  events[0]?.onEnd(new Error("out of memory"));
  await until(() => events.length === 2);
  const closed = dashboard.close();
  await Bun.sleep(0);
  expect(steps).toEqual(["start", "start", "close"]);
  events[1]?.onMessage({ type: "closed" });
  await closed;
  expect(steps).toEqual(["start", "start", "close", "terminate"]);
});

test("with a token, one link lets one browser in", async () => {
  const options = parseDashboardOptions({ db: makeLedger(1), port: 0, token: "not-a-secret-of-anybody" });
  await using dashboard = new DashboardSupervisor(options, recordingLogger());
  const url = await dashboard.ready;
  expect((await fetch(`${url}api/report`)).status).toBe(401);
  const link = dashboard.link();
  expect(link).toStartWith(`${url}login?code=`);
  const entered = await fetch(link);
  const [cookie = ""] = (entered.headers.get("set-cookie") ?? "").split(";");
  expect((await fetch(`${url}api/report`, { headers: { cookie } })).status).toBe(200);
  expect((await fetch(link)).status).toBe(401);
});

test("what takes a thread too long is cut off, and the next one answers", async () => {
  const db = makeLedger(10);
  const start = () => startThreadReader(THREADS.dashboard(), { db });
  // No thread starts within so short a time.
  const hasty = new Readers({ start, isSlow, deadlineMs: 0.001 });
  const question = { path: "/api/report", search: "" };
  await expect(hasty.ask(question)).rejects.toMatchObject({ code: "TOO_SLOW" });
  const patient = new Readers({ start, isSlow, deadlineMs: 600_000 });
  expect(JSON.parse((await patient.ask(question)).text).totals.executions).toBe(10);
  await expect(patient.ask({ path: "/api/report", search: "by=colour" })).rejects.toMatchObject({
    code: "INVALID_ARGUMENT",
  });
  await Promise.all([hasty.close(), patient.close()]);
});

test("after a reload the forerunner gives its port to the successor", async () => {
  const db = makeLedger(1);
  const before = createApp({ logger: recordingLogger() }).use(dashboardPlugin, { db, port: 0 });
  const port = Number(new URL(await before.get(dashboardPlugin).ready).port);
  await before.close();
  const logger = recordingLogger();
  const old = createApp({ logger }).use(dashboardPlugin, { db, port });
  await old.get(dashboardPlugin).ready;
  // What a reload does to what runs: it is of an earlier evaluation then.
  const running = (globalThis as unknown as Record<symbol, Set<{ evaluation: object }>>)[
    Symbol.for("runledger.running/1")
  ];
  for (const some of running ?? []) some.evaluation = {};
  const next = createApp({ logger }).use(dashboardPlugin, { db, port });
  expect((await report(await next.get(dashboardPlugin).ready)).totals).toMatchObject({ executions: 1 });
  expect(old.get(dashboardPlugin).stats().state).toBe("closed");
  await Promise.all([old.close(), next.close()]);
  expect(logger.lines.filter(({ level }) => level !== "info")).toEqual([]);
});

test("a host that is closing gets no dashboard, and none is left", () => {
  const logger = recordingLogger();
  const host = {
    emitter: createApp({ logger }).emitter,
    logger,
    onClose() {
      throw new Error("too late");
    },
  };
  expect(() => dashboardPlugin.setup(host, { db: newPath(), port: 0 })).toThrow("too late");
});

describe("runledger dashboard", () => {
  test.skipIf(process.platform !== "linux")("opens the browser, or says that there is none", async () => {
    const db = makeLedger(1);
    const { PATH = "" } = process.env;
    const programs = tempDir();
    const opened = join(programs, "opened");
    const open = async () => {
      const terminal = fakeTerminal();
      const ended = run(["dashboard", "--db", db, "--port", "0", "--open"], terminal);
      await until(() => terminal.err !== "" || existsSync(opened));
      terminal.interrupt();
      expect(await ended).toBe(0);
      return terminal;
    };
    try {
      process.env["PATH"] = programs;
      expect((await open()).err).toBe("No browser could be opened: xdg-open is not there.\n");
      writeFileSync(
        join(programs, "xdg-open"),
        `#!/bin/sh\necho "$1" > ${opened}.part && /bin/mv ${opened}.part ${opened}\n`,
      );
      chmodSync(join(programs, "xdg-open"), 0o755);
      const { out } = await open();
      expect(out).toContain(`at ${(await Bun.file(opened).text()).trim()}\n`);
    } finally {
      process.env["PATH"] = PATH;
    }
  });

  test("serves until it is interrupted", async () => {
    const db = makeLedger(2);
    const terminal = fakeTerminal();
    const ended = run(["dashboard", "--db", db, "--port", "0"], terminal);
    await until(() => terminal.out !== "");
    const [, url = ""] = /^The dashboard is at (http\S+)\nCtrl-C ends it\.\n$/.exec(terminal.out) ?? [];
    expect((await report(url)).totals).toMatchObject({ executions: 2 });
    terminal.interrupt();
    expect(await ended).toBe(0);
    expect(terminal.err).toBe("");
    expect(filesBeside(db)).toEqual(["telemetry.db"]);
  });

  test("says what is wrong, and ends", async () => {
    const nowhere = await runCli(["dashboard", "--db", newPath(), "--port", "0"]);
    expect(nowhere.exitCode).toBe(1);
    expect(nowhere.err).toContain("There is no ledger at");
    await using taken = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response("mine") });
    expect(await runCli(["dashboard", "--db", makeLedger(1), "--port", `${taken.port}`])).toEqual({
      exitCode: 1,
      out: "",
      err: `runledger: The dashboard can't be opened: port ${taken.port} is taken. Name another one with --port.\n`,
    });
    expect(await runCli(["dashboard", "--db", makeLedger(1), "--port", "70000"])).toMatchObject({
      exitCode: 2,
    });
  });
});
