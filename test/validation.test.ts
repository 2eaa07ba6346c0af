import { expect, test } from "bun:test";
import { parseOptions } from "../plugins/telemetry/options";
import { messageOf } from "../src/describe";
import { parseForwardOptions } from "../src/forward/options";
import { createTelemetryStore } from "../src/ledger/store";
import { RECORD_FIELDS } from "../src/record/fields";
import { snapshot } from "../src/record/snapshot";
import { validate } from "../src/record/validate";
import { resolveFilter } from "../src/report/filter";
import { executionCompleted } from "../src/testing";

const BAD: readonly unknown[] = [
  ...[-1, 1.5, 2 ** 60, Number.NaN, Number.POSITIVE_INFINITY, 10n],
  ...["", " x ", "x", [], ["x", ""], {}, null, true, new Date(Number.NaN), Symbol("s"), () => {}],
];
const OPTIONS = [
  ...["dbPath", "retentionDays", "synchronous", "logger", "flushIntervalMs", "maxBatchSize", "maxQueueSize"],
  ...["closeTimeoutMs", "exitTimeoutMs", "writer", "store"],
];
const FORWARD_OPTIONS = ["from", "schema", "batchSize", "ssl", "intervalMs", "closeTimeoutMs", "logger"];
const FORWARD = { from: "a.db", to: "postgres://h/d" };
const FILTERS = ["since", "until", "repo", "model", "provider", "eventType", "conclusion", "timeZone"];

test.each<[string, readonly string[], (field: string, value: unknown) => unknown]>([
  ["the plugin's options", OPTIONS, (name, value) => parseOptions({ [name]: value })],
  [
    "the options of forwarding",
    FORWARD_OPTIONS,
    (name, value) => parseForwardOptions({ ...FORWARD, [name]: value }),
  ],
  [
    "the store's options",
    ["synchronous", "logger"],
    (name, value) => createTelemetryStore({ dbPath: ":memory:", [name]: value }),
  ],
  ["a filter", FILTERS, (name, value) => resolveFilter({ [name]: value })],
  [
    "a record",
    RECORD_FIELDS,
    (name, value) => validate({ ...executionCompleted(), [name]: value }, "record"),
  ],
  [
    "a record that crossed JSON",
    RECORD_FIELDS,
    (name, value) => validate(snapshot({ ...executionCompleted(), [name]: value } as never), "record"),
  ],
])("%s: what is wrong is said in our own words", (_, fields, check) => {
  let refused = 0;
  for (const field of fields) {
    for (const value of BAD) {
      const message = refusalOf(() => check(field, value));
      if (message === undefined) continue;
      refused += 1;
      expect(message).toMatch(/(?:: expected .+, received .+\.)|must be before/s);
      expect(message).not.toMatch(/Too (?:small|big)|Invalid (?:input|option)|[<>]=/);
      expect(message).not.toMatch(/string "(?:NaN|-?Infinity|\d+n)"/);
    }
  }
  expect(refused).toBeGreaterThan(fields.length);
});

function refusalOf(action: () => unknown): string | undefined {
  try {
    action();
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

test.each([
  [[1, 2], "an array"],
  [null, "null"],
  [undefined, "nothing"],
  [42, "the number 42"],
  [Number.NaN, "the number NaN"],
  [5n, "the bigint 5n"],
  [true, "the boolean true"],
  ["text", 'the string "text"'],
])("an event that is %p is called so, also by the writer's thread", (event, called) => {
  expect(refusalOf(() => validate(snapshot(event as never), "record"))).toBe(
    `Invalid record: expected an object, received ${called}.`,
  );
});
