import { Database } from "bun:sqlite";
import { afterEach, describe, expect, test } from "bun:test";
import { createHmac } from "node:crypto";
import { join } from "node:path";
import { startBudgetApp } from "../../support/budgets";
import { tempDir } from "../../support/temp-dir";

const folder = tempDir();
let files = 0;
const SECRET = "a secret";
const ALL = { name: "all", limitUsd: 10, per: "month" } as const;

interface Delivery {
  readonly id: string | null;
  readonly signature: string | null;
  readonly body: string;
}

/** A receiver that answers as it is told. */
function startReceiver() {
  const deliveries: Delivery[] = [];
  let redirected = 0;
  const receiver = {
    deliveries,
    get redirected() {
      return redirected;
    },
    answer: async (): Promise<Response> => new Response("ok"),
    url: "",
    stop: () => server.stop(true),
  };
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    async fetch(request) {
      if (new URL(request.url).pathname === "/elsewhere") {
        redirected += 1;
        return new Response("ok");
      }
      const { headers } = request;
      const id = headers.get("X-Runledger-Delivery");
      deliveries.push({ id, signature: headers.get("X-Runledger-Signature"), body: await request.text() });
      return receiver.answer();
    },
  });
  receiver.url = `${server.url}hook?token=secret`;
  return receiver;
}

let receiver = startReceiver();
afterEach(async () => {
  await receiver.stop();
  receiver = startReceiver();
});

function start(webhook: object = {}, options: object = {}) {
  files += 1;
  return startAt(join(folder, `${files}`, "telemetry.db"), webhook, options);
}

function startAt(dbPath: string, webhook: object = {}, options: object = {}) {
  return startBudgetApp(dbPath, {
    budgets: [ALL],
    alertAt: [0.5],
    webhook: { url: receiver.url, secret: SECRET, ...webhook },
    ...options,
  });
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await Bun.sleep(2);
}

describe("the webhook", () => {
  test("gets each alert as JSON, signed, with an id", async () => {
    await using app = await start();
    app.emit({ costUsd: 11 });
    await app.settle();
    await until(() => app.budgets.stats().delivered === 2);
    expect(app.budgets.stats()).toMatchObject({ delivered: 2, undelivered: 0 });
    expect(receiver.deliveries.map(({ id }) => id)).toEqual(app.payloads.map(({ id }) => id));
    for (const [index, { body, signature }] of receiver.deliveries.entries()) {
      const type = ["budget:threshold", "budget:exceeded"][index];
      expect(JSON.parse(body)).toEqual({ schema: "runledger.budget-alert/1", type, ...app.payloads[index] });
      expect(signature).toBe(`sha256=${createHmac("sha256", SECRET).update(body).digest("hex")}`);
    }
  });

  test.each([
    ["fails", async () => new Response("no", { status: 500 })],
    ["redirects", async () => Response.redirect("/elsewhere", 307)],
  ])("that %s is tried again until it takes the alert, under the same id", async (_, answer) => {
    receiver.answer = answer;
    await using app = await start();
    app.emit({ costUsd: 6 });
    await app.settle();
    await until(() => receiver.deliveries.length > 1);
    expect(app.budgets.stats()).toMatchObject({ delivered: 0, undelivered: 1, alerts: 1 });
    receiver.answer = async () => new Response(null, { status: 204 });
    await until(() => app.budgets.stats().delivered === 1);
    expect(new Set(receiver.deliveries.map(({ id }) => id)).size).toBe(1);
    expect(receiver.redirected).toBe(0);
    const [line, ...more] = app.logger.lines.map(({ message }) => message);
    expect(line).toMatch(/^the webhook does not take alerts, which are tried again: it answered (500|307)$/);
    expect(more).toEqual([]);
  });

  test("that takes an alert which can't be noted gets it again, under the same id", async () => {
    await using app = await start({}, { readIntervalMs: 20 });
    const path = `${join(folder, `${files}`, "telemetry.db")}.budgets.db`;
    let lock: Database | undefined;
    receiver.answer = async () => {
      if (lock === undefined) {
        lock = new Database(path);
        lock.run("PRAGMA busy_timeout = 5000");
        lock.run("BEGIN IMMEDIATE");
      }
      return new Response("ok");
    };
    app.emit({ costUsd: 6 });
    await app.settle();
    await until(() => app.logger.lines.some(({ message }) => message.includes("it can't be noted")));
    lock?.run("ROLLBACK");
    lock?.close();
    await until(() => app.budgets.stats().delivered === 1);
    expect(receiver.deliveries.length).toBeGreaterThan(1);
    expect(new Set(receiver.deliveries.map(({ id }) => id)).size).toBe(1);
    expect(app.budgets.stats()).toMatchObject({ restarts: 0, undelivered: 0 });
  });

  test("that hangs holds nobody up; what it did not take goes at the next start, also without the host", async () => {
    const hanging = Promise.withResolvers<Response>();
    receiver.answer = () => hanging.promise;
    const app = await start({}, { closeTimeoutMs: 1_000 });
    app.emit({ costUsd: 6 });
    await app.settle();
    await until(() => receiver.deliveries.length === 1);
    // It answers, reads and emits all the same.
    app.emit({ costUsd: 5 });
    await app.settle();
    expect(app.alerts).toEqual(["threshold all 0.5", "exceeded all 1"]);
    await app.app.close();
    expect(app.logger.lines).toContainEqual({
      level: "warn",
      bindings: { undelivered: 2 },
      message: "alerts that the webhook did not take; they are posted after the next start",
    });
    receiver.answer = async () => new Response("ok");
    const dbPath = join(folder, `${files}`, "telemetry.db");
    await using next = await startAt(dbPath, {}, { readIntervalMs: 100 });
    await until(() => next.budgets.stats().delivered === 2);
    expect(next.alerts).toEqual([]);
    const [first, ...others] = receiver.deliveries.map(({ id }) => id);
    expect(others.sort()).toEqual(app.payloads.map(({ id }) => id).sort());
    expect(first).toBe(app.payloads[0]?.id ?? "");
    hanging.resolve(new Response("late"));
  });

  test("that is not there is told once, without its URL, which may be a secret", async () => {
    await receiver.stop();
    await using app = await start({ timeoutMs: 1_000 }, { closeTimeoutMs: 200 });
    app.emit({ costUsd: 6 });
    await app.settle();
    await until(() => app.logger.lines.length > 0);
    const [line] = app.logger.lines;
    expect(line?.message).toStartWith("the webhook does not take alerts, which are tried again: ");
    expect(line?.message).not.toContain("token");
  });

  test("gets at the end what was found last", async () => {
    const app = await start();
    app.emit({ costUsd: 6 });
    await app.telemetry.flush();
    await app.app.close();
    expect(app.alerts).toEqual(["threshold all 0.5"]);
    expect(receiver.deliveries.map(({ id }) => id)).toEqual(app.payloads.map(({ id }) => id));
  });
});
