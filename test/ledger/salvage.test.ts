import { expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { Connection } from "../../src/ledger/connection";
import { toExecutionRow } from "../../src/ledger/row";
import { salvage } from "../../src/ledger/salvage";
import { executionCompleted } from "../../src/testing";
import { read } from "../support/ledger";
import { tempDir } from "../support/temp-dir";

const dir = tempDir();

/** A connection that reads these pages of rows, and fails then. */
function damaged(...pages: (readonly object[])[]): Connection {
  let next = 0;
  const all = () => {
    const page = pages[next];
    next += 1;
    if (page === undefined) throw new Error("database disk image is malformed");
    return page;
  };
  return { all } as unknown as Connection;
}

const row = (id: number) => ({ id, ...toExecutionRow(executionCompleted({ executionId: `e${id}` })) });

test("what can be read before the damage is saved, half a row is not", () => {
  const dbPath = join(dir, "telemetry.db");
  const half = { ...row(8), repo: null };
  const saved = salvage(damaged([row(6), row(7), half], [row(9)]), dbPath, 5);
  expect(saved?.executions).toBe(3);
  const rows = read(saved?.copy ?? "", "SELECT execution_id FROM executions ORDER BY id");
  expect(rows.map(({ execution_id }) => execution_id)).toEqual(["e6", "e7", "e9"]);
});

test("where nothing can be read, nothing is made", () => {
  const dbPath = join(dir, "nothing.db");
  expect(salvage(damaged(), dbPath, 0)).toBeUndefined();
  expect(readdirSync(dir).filter((name) => name.startsWith("nothing"))).toEqual([]);
});

test("a copy that can't be written leaves nothing, and throws", () => {
  const dbPath = join(dir, "refused.db");
  const refused = { ...row(1), input_tokens: null };
  expect(() => salvage(damaged([refused]), dbPath, 0)).toThrow("NOT NULL");
  expect(readdirSync(dir).filter((name) => name.startsWith("refused"))).toEqual([]);
});
