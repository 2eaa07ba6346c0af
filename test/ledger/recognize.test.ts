import { expect, test } from "bun:test";
import { kindOf } from "../../src/ledger/recognize";
import { columnsOf, TABLE_NAMES } from "../../src/ledger/tables";

const TABLE_LIST = TABLE_NAMES.map((name) => ({ name }));
const columnsIn = (pragma: string) =>
  TABLE_NAMES.filter((table) => pragma === `main.table_info(${table})`).flatMap((table) =>
    columnsOf(table).map(([name]) => ({ name })),
  );

test("a ledger that another process makes while it is looked at is no database of another program", () => {
  let reads = 0;
  const pragma = (text: string) => {
    reads += 1;
    if (reads === 1) return [];
    return text === "main.table_list" ? TABLE_LIST : columnsIn(text);
  };
  expect(kindOf({ pragma })).toBe("ledger");
});
