import { afterAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { loginCode, SECURITY_HEADERS } from "../../src/dashboard/guard";
import { isKnownHost } from "../../src/dashboard/hosts";
import { dashboardOn } from "../support/dashboard";
import { makeGoldenLedger } from "../support/golden-ledger";
import { tempDir } from "../support/temp-dir";

const db = join(tempDir(), "golden.db");
makeGoldenLedger(db);
const PLACES = ["/", "/a-1234.js", "/api/report", "/api/live", "/metrics", "/nothing"];
const TOKEN = "not-a-secret-of-anybody";

describe("whatever is asked,", () => {
  const dashboard = dashboardOn(db);
  afterAll(() => dashboard[Symbol.asyncDispose]());

  test.each(PLACES)("%s: the answer is confined", async (place) => {
    const { headers } = await dashboard.fetch(place, { method: "HEAD" });
    for (const [name, value] of Object.entries(SECURITY_HEADERS)) expect(headers.get(name)).toBe(value);
    expect(headers.get("access-control-allow-origin")).toBeNull();
    expect(headers.get("content-security-policy")).not.toContain("unsafe");
  });

  test.each(PLACES)("%s: another name of this machine gets nothing", async (place) => {
    for (const host of [
      "evil.example",
      "evil.example:4680",
      "127.0.0.1.evil.example",
      "192.0.2.7",
      "",
      "a b",
    ]) {
      const response = await dashboard.fetch(place, { headers: { host } });
      expect({ host, status: response.status }).toEqual({ host, status: 403 });
      expect(await response.json()).toMatchObject({ error: { code: "FORBIDDEN_HOST" } });
    }
  });

  test.each(PLACES)("%s: another page gets nothing", async (place) => {
    for (const origin of ["https://evil.example", "null", "http://127.0.0.1:9999"]) {
      const response = await dashboard.fetch(place, { headers: { origin } });
      expect({ origin, status: response.status }).toEqual({ origin, status: 403 });
    }
    const own = await dashboard.fetch(place, {
      method: "HEAD",
      headers: { origin: "http://127.0.0.1:4680" },
    });
    expect(own.status).not.toBe(403);
  });

  test("another page has nothing loaded, as by an image; its links open the page", async () => {
    const from = (site: string, mode: string) => ({
      headers: { "sec-fetch-site": site, "sec-fetch-mode": mode },
    });
    for (const site of ["cross-site", "same-site"]) {
      expect((await dashboard.fetch("/api/report", from(site, "no-cors"))).status).toBe(403);
      expect((await dashboard.fetch("/", from(site, "navigate"))).status).toBe(200);
    }
    expect((await dashboard.fetch("/api/report", from("same-origin", "cors"))).status).toBe(200);
  });

  test.each(["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])("%s changes nothing", async (method) => {
    for (const place of PLACES) {
      const response = await dashboard.fetch(place, { method });
      expect({ place, status: response.status }).toEqual({ place, status: 405 });
      expect(response.headers.get("allow")).toBe("GET, HEAD");
    }
  });

  test("HEAD has no body", async () => {
    const response = await dashboard.fetch("/", { method: "HEAD" });
    expect({ status: response.status, text: await response.text() }).toEqual({ status: 200, text: "" });
  });
});

test.each([
  ["localhost:4680", { host: "127.0.0.1", hosts: [] }, true],
  ["LOCALHOST", { host: "127.0.0.1", hosts: [] }, true],
  ["[::1]:80", { host: "127.0.0.1", hosts: [] }, true],
  ["127.1.2.3", { host: "127.0.0.1", hosts: [] }, true],
  // Only who listens elsewhere is asked for by such an address.
  ["192.0.2.7:4680", { host: "127.0.0.1", hosts: [] }, false],
  ["192.0.2.7:4680", { host: "0.0.0.0", hosts: [] }, true],
  ["[2001:db8::1]", { host: "::", hosts: [] }, true],
  ["box.internal", { host: "box.internal", hosts: [] }, true],
  ["Proxy.Internal:443", { host: "127.0.0.1", hosts: ["proxy.internal"] }, true],
  ["other.internal", { host: "0.0.0.0", hosts: ["proxy.internal"] }, false],
  ["user@localhost", { host: "127.0.0.1", hosts: [] }, false],
  ["localhost/evil.example", { host: "127.0.0.1", hosts: [] }, false],
  ["localhost?.evil.example", { host: "127.0.0.1", hosts: [] }, false],
  ["localhost.evil.example", { host: "127.0.0.1", hosts: [] }, false],
])("a request for %s, listening at %j: %p", (named, options, isKnown) => {
  expect(isKnownHost(named, options)).toBe(isKnown);
});

describe("with a token", () => {
  const dashboard = dashboardOn(db, { token: TOKEN, host: "0.0.0.0" });
  afterAll(() => dashboard[Symbol.asyncDispose]());

  test.each(PLACES)("%s is closed to who has none", async (place) => {
    for (const authorization of ["", TOKEN, `Bearer ${TOKEN}x`, "Bearer ", `Basic ${TOKEN}`]) {
      const response = await dashboard.fetch(place, { headers: { authorization } });
      expect(response.status).toBe(401);
      expect(await response.text()).not.toContain(TOKEN);
    }
    const guessed = await dashboard.fetch(place, { headers: { cookie: "runledger-00000000=guess" } });
    expect(guessed.status).toBe(401);
    const own = await dashboard.fetch(place, {
      method: "HEAD",
      headers: { authorization: `Bearer ${TOKEN}` },
    });
    expect(own.status).not.toBe(401);
  });

  test("a link lets one browser in, once, and leaves no token in a URL or a cookie", async () => {
    const path = `/login?code=${loginCode(TOKEN, 0)}`;
    expect((await dashboard.fetch(path, { method: "HEAD" })).status).toBe(401);
    const entered = await dashboard.fetch(path);
    expect(entered.status).toBe(200);
    const cookie = entered.headers.get("set-cookie") ?? "";
    expect(cookie).toMatch(
      /^runledger-[0-9a-f]{8}=[\w-]+; HttpOnly; SameSite=Strict; Path=\/; Max-Age=2592000$/,
    );
    expect(cookie + (await entered.text())).not.toContain(TOKEN);
    for (const again of [path, `${path}.`, `${path}.x`, `${path}..`, `${path}%20`])
      expect((await dashboard.fetch(again)).status).toBe(401);
    const [pair = ""] = cookie.split(";");
    expect((await dashboard.fetch("/api/report", { headers: { cookie: pair } })).status).toBe(200);
    expect((await dashboard.fetch("/", { headers: { cookie: pair } })).status).toBe(200);
  });

  test.each([
    "",
    "?code=",
    "?code=guess",
    `?code=${loginCode("another-token-of-nobody", 0)}`,
    `?code=${Date.now() + 60_000}.guess.guess`,
    // Of a server that was started before: nobody knows any more whether it was used.
    `?code=${loginCode(TOKEN, 1)}`,
    `?code=${loginCode(TOKEN, 0, Date.now() - 2 * 3_600_000)}`,
  ])("no link that is another's, or old: %.20s", async (search) => {
    expect((await dashboard.fetch(`/login${search}`)).status).toBe(401);
  });
});
