import { describe, expect, test } from "bun:test";
import { resolveFilter } from "../../src/report/filter";
import { zoneNamed } from "../../src/report/time-zone";
import type { ExecutionFilter, TimeInput } from "../../src/report/types";
import { thrownBy } from "../support/thrown-by";

const NOW = Date.parse("2026-04-06T12:34:56.789Z");

const sinceOf = (since: TimeInput, timeZone?: string) => {
  const { sinceMs } = resolveFilter({ since, timeZone }, NOW);
  return sinceMs === undefined ? undefined : new Date(sinceMs).toISOString();
};

test.each<[TimeInput, string]>([
  [new Date("2026-01-31T12:00:00.123Z"), "2026-01-31T12:00:00.123Z"],
  [Date.parse("2026-01-31T12:00:00.123Z"), "2026-01-31T12:00:00.123Z"],
  [Date.parse("2026-01-31T12:00:00.123Z") + 0.9, "2026-01-31T12:00:00.123Z"],
  ["2026-01-31T12:00:00Z", "2026-01-31T12:00:00.000Z"],
  ["2026-01-31T12:00:00.5+05:45", "2026-01-31T06:15:00.500Z"],
  ["2026-01-31 12:00Z", "2026-01-31T12:00:00.000Z"],
  ["2026-01-31", "2026-01-31T00:00:00.000Z"],
  ["2024-02-29", "2024-02-29T00:00:00.000Z"],
  ["0d", "2026-04-06T12:34:56.789Z"],
  ["1d", "2026-04-05T12:34:56.789Z"],
  ["90d", "2026-01-06T12:34:56.789Z"],
  ["1h", "2026-04-06T11:34:56.789Z"],
  ["36h", "2026-04-05T00:34:56.789Z"],
  ["4w", "2026-03-09T12:34:56.789Z"],
  ["1y", "2025-04-06T12:34:56.789Z"],
  ["2026-02", "2026-02-01T00:00:00.000Z"],
  ["today", "2026-04-06T00:00:00.000Z"],
  ["yesterday", "2026-04-05T00:00:00.000Z"],
  ["this-week", "2026-04-06T00:00:00.000Z"],
  ["last-week", "2026-03-30T00:00:00.000Z"],
  ["this-month", "2026-04-01T00:00:00.000Z"],
  ["last-month", "2026-03-01T00:00:00.000Z"],
  ["0000-01-01", "0000-01-01T00:00:00.000Z"],
])("%p is the instant %s", (since, expected) => {
  expect(sinceOf(since)).toBe(expected);
});

describe("a period by name", () => {
  const at = (since: TimeInput, now: string, timeZone?: string) =>
    new Date(resolveFilter({ since, timeZone }, Date.parse(now)).sinceMs ?? Number.NaN).toISOString();

  test("begins where its time zone says: there it may be another day, week or month", () => {
    const lateInUtc = "2026-02-28T23:30:00Z";
    expect(at("today", lateInUtc, "Europe/Berlin")).toBe("2026-02-28T23:00:00.000Z");
    expect(at("this-month", lateInUtc, "Europe/Berlin")).toBe("2026-02-28T23:00:00.000Z");
    expect(at("last-month", lateInUtc, "Europe/Berlin")).toBe("2026-01-31T23:00:00.000Z");
    expect(at("this-month", lateInUtc)).toBe("2026-02-01T00:00:00.000Z");
  });

  test("of weeks begins on Monday, also on a Sunday, and across a change of clocks", () => {
    expect(at("this-week", "2026-04-05T12:00:00Z")).toBe("2026-03-30T00:00:00.000Z");
    expect(at("this-week", "2026-03-29T12:00:00Z", "Europe/Berlin")).toBe("2026-03-22T23:00:00.000Z");
    expect(at("last-week", "2026-04-05T12:00:00Z", "Europe/Berlin")).toBe("2026-03-22T23:00:00.000Z");
  });

  test("of months goes back over a new year", () => {
    expect(at("last-month", "2026-01-31T12:00:00Z")).toBe("2025-12-01T00:00:00.000Z");
  });

  test("ends where the next one begins", () => {
    const { sinceMs, untilMs } = resolveFilter({ since: "last-month", until: "this-month" }, NOW);
    expect([sinceMs, untilMs]).toEqual([Date.parse("2026-03-01"), Date.parse("2026-04-01")]);
  });
});

test("the zone of this machine is called local", () => {
  const { timeZone } = resolveFilter({ timeZone: "local" });
  expect(timeZone).toBe(zoneNamed(new Intl.DateTimeFormat().resolvedOptions().timeZone) ?? "");
});

describe("a day begins where its time zone says,", () => {
  test.each([
    ["2026-01-31", "Europe/Berlin", "2026-01-30T23:00:00.000Z"],
    ["2026-07-31", "Europe/Berlin", "2026-07-30T22:00:00.000Z"],
    ["2026-01-31", "Asia/Kathmandu", "2026-01-30T18:15:00.000Z"],
    ["2026-01-31", "America/St_Johns", "2026-01-31T03:30:00.000Z"],
    ["2026-01-31", "Pacific/Kiritimati", "2026-01-30T10:00:00.000Z"],
  ])("%s in %s at %s", (day, timeZone, expected) => {
    expect(sinceOf(day, timeZone)).toBe(expected);
  });

  test("an hour later, where clocks skip midnight", () => {
    expect(sinceOf("2018-11-04", "America/Sao_Paulo")).toBe("2018-11-04T03:00:00.000Z");
  });

  test("at the first midnight, where there are two", () => {
    expect(sinceOf("2018-02-18", "America/Sao_Paulo")).toBe("2018-02-18T03:00:00.000Z");
    expect(sinceOf("2023-10-29", "Atlantic/Azores")).toBe("2023-10-29T00:00:00.000Z");
  });

  test("with the next, where the calendar skips it", () => {
    expect(sinceOf("2011-12-30", "Pacific/Apia")).toBe("2011-12-30T10:00:00.000Z");
    expect(sinceOf("2011-12-31", "Pacific/Apia")).toBe("2011-12-30T10:00:00.000Z");
  });
});

test("so many days ago are so many times 24 hours, whatever the clocks did", () => {
  const afterTheChange = Date.parse("2026-03-29T12:00:00Z");
  const { sinceMs } = resolveFilter({ since: "1d", timeZone: "Europe/Berlin" }, afterTheChange);
  expect(sinceMs).toBe(afterTheChange - 24 * 3_600_000);
});

test("without anything, all executions match, in UTC", () => {
  expect(resolveFilter({})).toEqual({
    sinceMs: undefined,
    untilMs: undefined,
    repo: undefined,
    model: undefined,
    provider: undefined,
    eventType: undefined,
    conclusion: undefined,
    failedOnly: false,
    timeZone: "UTC",
  });
});

test.each([
  ["utc", "UTC"],
  ["Etc/UTC", "UTC"],
  ["europe/berlin", "Europe/Berlin"],
])("the time zone %s is known as %s", (timeZone, expected) => {
  expect(resolveFilter({ timeZone }).timeZone).toBe(expected);
});

test("pull requests are named as reports name them, or as globs", () => {
  const pullRequest = ["octo-org/octo-repo#42", "a#b#7", "octo-org/*#4?", "(none)"];
  expect(resolveFilter({ pullRequest })).toMatchObject({ pullRequest });
  expect(resolveFilter({ pullRequest: ["o/r#1"] })).toMatchObject({ pullRequest: "o/r#1" });
});

test("several names of which there is one are that one", () => {
  const { repo, model } = resolveFilter({ repo: ["o/*"], model: ["a", "b*"] });
  expect({ repo, model }).toEqual({ repo: "o/*", model: ["a", "b*"] });
});

describe("INVALID_ARGUMENT says what is accepted", () => {
  test.each<[string, unknown]>([
    ["since", "tomorrow"],
    ["since", ""],
    ["since", "30 d"],
    ["since", "-3d"],
    ["since", "1.5d"],
    ["since", "3m"],
    ["since", "12345678d"],
    ["since", "2026-02-30"],
    ["since", "2026-1-1"],
    ["since", "2026-01-31T25:00:00Z"],
    ["since", Number.NaN],
    ["since", Number.POSITIVE_INFINITY],
    ["since", new Date("nonsense")],
    ["since", null],
    ["until", {}],
    ["until", 1e20],
    ["repo", ""],
    ["repo", 7],
    ["model", null],
    ["provider", ""],
    ["eventType", []],
    ["conclusion", true],
    ["repo", ["o/r", ""]],
    ["model", ["m", 7]],
    ["model", [["m"]]],
    ["pullRequest", "42"],
    ["pullRequest", "#42"],
    ["pullRequest", "octo-org/octo-repo"],
    ["pullRequest", "octo-org/octo-repo#"],
    ["pullRequest", "octo-org/octo-repo#4x"],
    ["pullRequest", "octo-org/octo-repo#1234567890123456"],
    ["pullRequest", ["octo-org/octo-repo#4", "*"]],
    ["pullRequest", 42],
    ["session", ""],
    ["session", [7]],
    ["ledger", ""],
    ["timeZone", "Mars/Olympus"],
    ["timeZone", ""],
    ["timeZone", 1],
  ])("%s: %p", async (field, value) => {
    const error = await thrownBy(() => resolveFilter({ [field]: value } as ExecutionFilter, NOW));
    expect(error.code).toBe("INVALID_ARGUMENT");
    expect(error.message).toMatch(new RegExp(`^Invalid filter: ${field}: expected .+, received .+\\.$`, "s"));
  });

  test("a time without a zone gets the remedy too", async () => {
    const { message, hint } = await thrownBy(() => resolveFilter({ since: "2026-01-31T12:00:00" }));
    expect(message).toContain("or such as 12h, 30d");
    expect(hint).toContain("append Z");
  });

  test("a field that there is not", async () => {
    const { message } = await thrownBy(() => resolveFilter({ repository: "o/r" } as ExecutionFilter));
    expect(message).toBe("Invalid filter: repository: unknown.");
  });

  test("no object at all", async () => {
    const { message } = await thrownBy(() => resolveFilter("30d" as ExecutionFilter));
    expect(message).toBe('Invalid filter: expected an object, received the string "30d".');
  });

  test.each([
    ["2026-01-31", "2026-01-31"],
    ["2026-01-31", "2026-01-30"],
    ["1h", "2h"],
  ])("since %s until %s", async (since, until) => {
    const { code, message } = await thrownBy(() => resolveFilter({ since, until }, NOW));
    expect(code).toBe("INVALID_ARGUMENT");
    expect(message).toStartWith("Invalid filter: since must be before until, received 2026-");
  });
});
