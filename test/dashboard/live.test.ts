import { expect, test } from "bun:test";
import { Live } from "../../src/dashboard/live";
import { createTelemetryStore } from "../../src/ledger/store";
import { executionCompleted } from "../../src/testing";
import { dashboardOn } from "../support/dashboard";
import { newPath } from "../support/read-ledgers";

/** The versions that a stream tells, one at a time. */
function versionsOf(stream: ReadableStream<string> | undefined) {
  const reader = stream?.getReader();
  return async (): Promise<string | undefined> => {
    for (;;) {
      const { done = true, value } = (await reader?.read()) ?? {};
      const [, version] = /"version":"([^"]*)"/.exec(value ?? "") ?? [];
      if (done || version !== undefined) return version;
    }
  };
}

function setUp() {
  let version = "1";
  let looks = 0;
  const live = new Live({
    lookEveryMs: 1,
    version: async () => {
      looks += 1;
      if (version === "") throw new Error("gone");
      return version;
    },
  });
  return { live, looks: () => looks, set: (next: string) => (version = next) };
}

test("all who watch are told, by one look for all of them; nobody looks when nobody watches", async () => {
  const { live, looks, set } = setUp();
  const stop = new AbortController();
  const viewers = Array.from({ length: 20 }, () => versionsOf(live.watch(stop.signal)));
  expect(await Promise.all(viewers.map((next) => next()))).toEqual(viewers.map(() => "1"));
  const before = looks();
  expect(before).toBeLessThan(viewers.length + 20);
  set("2");
  expect(await Promise.all(viewers.map((next) => next()))).toEqual(viewers.map(() => "2"));
  expect(await live.version()).toBe("2");
  stop.abort();
  expect(await Promise.all(viewers.map((next) => next()))).toEqual(viewers.map(() => undefined));
  const after = looks();
  await Bun.sleep(20);
  expect(looks()).toBe(after);
});

test("a ledger that can't be read is a version of its own", async () => {
  const { live, set } = setUp();
  const next = versionsOf(live.watch(new AbortController().signal));
  expect(await next()).toBe("1");
  set("");
  expect(await next()).toBe("unreadable Error: gone");
  set("3");
  expect(await next()).toBe("3");
  live.close();
});

test("no more than a hundred watch", () => {
  const { live } = setUp();
  const { signal } = new AbortController();
  const streams = Array.from({ length: 101 }, () => live.watch(signal));
  expect(streams.filter((stream) => stream === undefined)).toHaveLength(1);
  expect(streams.at(-1)).toBeUndefined();
  live.close();
});

test("what is committed is told to who watches /api/live", async () => {
  const db = newPath();
  using store = createTelemetryStore({ dbPath: db });
  await using dashboard = dashboardOn(db);
  const response = await dashboard.fetch("/api/live");
  expect(response.headers.get("content-type")).toBe("text/event-stream");
  const next = versionsOf(response.body?.pipeThrough(new TextDecoderStream() as never));
  const first = await next();
  store.record(executionCompleted());
  const second = await next();
  expect(second).not.toBe(first);
  expect((await dashboard.json("/api/report")).totals.executions).toBe(1);
});
