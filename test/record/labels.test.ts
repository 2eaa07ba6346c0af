import { describe, expect, test } from "bun:test";
import { toExecutionRow } from "../../src/ledger/row";
import type { TelemetryRecord } from "../../src/record/types";
import { executionCompleted } from "../../src/testing";
import { thrownBy } from "../support/thrown-by";

const labelled = (labels: unknown) => executionCompleted({ labels } as Partial<TelemetryRecord>);
const nine = Object.fromEntries(Array.from({ length: 9 }, (_, index) => [`key_${index}`, "v"]));

describe("labels in the row", () => {
  test("are JSON with their keys in order", () => {
    const { labels } = toExecutionRow(labelled({ team: "core", prompt_version: "v3", feature: "review" }));
    expect(labels).toBe('{"feature":"review","prompt_version":"v3","team":"core"}');
  });

  test.each([undefined, null, {}])("are null when there are none: %p", (labels) => {
    expect(toExecutionRow(labelled(labels)).labels).toBeNull();
  });

  test("half of a surrogate pair becomes the sign for it, as in any text of the row", () => {
    expect(toExecutionRow(labelled({ team: "a\ud83d" })).labels).toBe('{"team":"a\ufffd"}');
  });

  test("of a class of its own count like any others", () => {
    class Cause {
      readonly team = "core";
    }
    expect(toExecutionRow(labelled(new Cause())).labels).toBe('{"team":"core"}');
  });
});

describe("what is wrong with labels is said by name", () => {
  test.each([
    [
      { Team: "core" },
      'labels: expected keys of up to 32 lower-case letters, digits and underscores that begin with a letter, received the string "Team"',
    ],
    [{ "1st": "x" }, 'received the string "1st"'],
    [{ ["k".repeat(33)]: "x" }, "labels: expected keys of up to 32"],
    [{ team: "" }, 'labels.team: expected a text of 1 to 200 characters, received the string ""'],
    [{ team: "x".repeat(201) }, "labels.team: expected a text of 1 to 200 characters"],
    [{ team: 7 }, "labels.team: expected a text of 1 to 200 characters, received the number 7"],
    [{ team: null }, "labels.team: expected a text of 1 to 200 characters, received null"],
    [nine, "labels: expected at most 8 labels, received the number 9"],
    ["core", 'labels: expected an object of labels, received the string "core"'],
    [["core"], "labels: expected an object of labels"],
    [
      { a: "", B: "x" },
      'labels.a: expected a text of 1 to 200 characters, received the string ""; labels: expected keys',
    ],
  ])("%j", async (labels, message) => {
    const { message: said } = await thrownBy(() => toExecutionRow(labelled(labels)));
    expect(said).toContain(message);
  });

  test("at the limits nothing is", () => {
    const eight = Object.fromEntries(Object.entries(nine).slice(1));
    expect(toExecutionRow(labelled(eight)).labels).toContain('"key_8":"v"');
    expect(toExecutionRow(labelled({ [`k${"_".repeat(31)}`]: "x".repeat(200) })).labels).toHaveLength(
      32 + 200 + 7,
    );
  });
});
