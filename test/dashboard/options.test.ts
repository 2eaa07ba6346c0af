import { describe, expect, test } from "bun:test";
import { resolve } from "node:path";
import { parseDashboardOptions } from "../../src/dashboard/options";
import { thrownBy } from "../support/thrown-by";

test("without options, the ledger that the telemetry plugin would write, for this machine alone", () => {
  expect(parseDashboardOptions({ db: "./data/telemetry.db" })).toEqual({
    db: resolve("data/telemetry.db"),
    port: 4680,
    host: "127.0.0.1",
    token: undefined,
    hosts: [],
    budgets: undefined,
    logger: undefined,
  });
});

test("by further names, which others may reach, there is a token too", () => {
  expect(parseDashboardOptions({ hosts: ["proxy.internal"] }).token).toMatch(/^[\w-]{32}$/);
});

test.each(["0.0.0.0", "::", "192.0.2.7", "box.internal"])(
  "listening at %s there is always a token",
  (host) => {
    const [one, other] = [parseDashboardOptions({ host }), parseDashboardOptions({ host })];
    expect(one.token).toMatch(/^[\w-]{32}$/);
    expect(one.token).not.toBe(other.token);
    expect(parseDashboardOptions({ host, token: "sixteen-characters" }).token).toBe("sixteen-characters");
  },
);

describe("what is wrong is refused, and no secret is quoted:", () => {
  test.each([
    [{ port: 70_000 }, "port: expected a port from 0 to 65535"],
    [{ port: "4680" }, "port: expected"],
    [{ host: "a b" }, "host: expected"],
    [{ hosts: ["proxy:443"] }, "hosts.0: expected names without ports"],
    [{ db: " x.db" }, "db: expected"],
    [{ db: "https://example.com/x.db" }, "db: expected"],
    [{ token: "short" }, "token: expected at least 16"],
    [{ token: "with spaces in it, long enough" }, "token: expected"],
    [{ colour: "blue" }, "colour: unknown"],
  ])("%j", async (options, message) => {
    const error = await thrownBy(() => parseDashboardOptions(options as never));
    expect(error.code).toBe("INVALID_OPTION");
    expect(error.message).toContain(message);
    if ("token" in options) expect(error.message).not.toContain(options.token);
  });

  test("a URL that is none", async () => {
    const error = await thrownBy(() => parseDashboardOptions({ db: "postgres://a:sec/ret@host/db" }));
    expect(error.code).toBe("INVALID_OPTION");
    expect(error.message).not.toContain("sec");
  });
});
