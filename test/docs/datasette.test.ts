import { expect, test } from "bun:test";
import { join } from "node:path";
import { createTelemetryStore } from "../../src/ledger/store";
import { codeBlocks, pageOf, ROOT, rowsOf } from "../support/docs";
import { read } from "../support/ledger";
import { newPath } from "../support/read-ledgers";

// docs/datasette.json is made of docs/reading.md and docs/sql.md, so that what Datasette shows is what they say. With
// UPDATE_GOLDEN=1 it is made anew.

const PATH = join(ROOT, "docs/datasette.json");
const reading = pageOf("docs/reading.md");
const sql = pageOf("docs/sql.md");
const isUpdate = process.env["UPDATE_GOLDEN"] === "1";

const TABLES = ["executions", "execution_models", "usage_daily", "usage_daily_labels", "incidents"] as const;
const VIEW = "executions_view";
const IS_FIELD = /^the fields of the record$/;
const OF_VIEW = {
  completed_at: "when the execution completed, ISO 8601, UTC",
  failed: "1 for a conclusion other than success, neutral and skipped, else 0",
};

const dbPath = newPath();
createTelemetryStore({ dbPath }).close();

const columnsIn = (table: string) =>
  read<{ name: string }>(dbPath, `PRAGMA table_info(${table})`).map(({ name }) => name);

function plain(markdown: string): string {
  return markdown
    .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replaceAll("`", "")
    .trim();
}

/** What a table of docs/reading.md says of each name in its first column. */
function saidOf(header: string): Record<string, string> {
  return Object.fromEntries(
    rowsOf(reading, header).flatMap((row) => {
      const [names = "", what = ""] = cellsOf(row);
      return Array.from(names.matchAll(/`(\w+)`/g), ([, name = ""]) => [name, plain(what)]);
    }),
  );
}

/** What docs/record.md says of each field, by the name of its column. */
function saidOfFields(): Record<string, string> {
  return Object.fromEntries(
    rowsOf(pageOf("docs/record.md"), "field | type | meaning").map((row) => {
      const [field = "", , meaning = ""] = cellsOf(row);
      const column = plain(field).replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
      return [column, plain(meaning)];
    }),
  );
}

function cellsOf(row: string): readonly string[] {
  return row.replace(/^\| | \|$/g, "").split(" | ");
}

function queriesOf(page: string): Record<string, object> {
  const titles = Array.from(page.matchAll(/^(.+?):?\n\n```sql\n/gm), ([, title = ""]) => plain(title));
  return Object.fromEntries(
    codeBlocks(page, "sql").map((query, index) => {
      const title = titles[index] ?? "";
      const name = title.toLowerCase().split(",")[0]?.replace(/\W+/g, "-") ?? "";
      return [name, { title, sql: query.trim() }];
    }),
  );
}

function metadata(): object {
  const described = saidOf("table | what");
  const ofFields = saidOfFields();
  const ofRows = Object.entries(saidOf("column of `executions` | what"));
  const ofExecutions = Object.fromEntries(
    ofRows.map(([column, what]) => [column, IS_FIELD.test(what) ? (ofFields[column] ?? "") : what]),
  );
  const ofTables = TABLES.map((table) => [
    table,
    {
      description: described[table],
      columns: table === "executions" ? ofExecutions : saidOf(`column of \`${table}\` | what`),
    },
  ]);
  const ofView = columnsIn(VIEW).map((column) => [column, { ...ofExecutions, ...OF_VIEW }[column] ?? ""]);
  const view = {
    description: "the executions for SQL: what is unknown is NULL",
    columns: Object.fromEntries(ofView),
  };
  return {
    title: "Runledger",
    description: "What every LLM and agent run cost, how long it took, and how it ended.",
    databases: {
      telemetry: {
        tables: Object.fromEntries([...ofTables, [VIEW, view]]),
        queries: queriesOf(sql),
      },
    },
  };
}

test("docs/datasette.json says what the pages say", async () => {
  const text = `${JSON.stringify(metadata(), undefined, 2)}\n`;
  if (isUpdate) await Bun.write(PATH, text);
  expect(await Bun.file(PATH).text()).toBe(text);
});

test("it describes every column of the tables and the view, and nothing else", async () => {
  const { databases } = await Bun.file(PATH).json();
  for (const table of [...TABLES, VIEW]) {
    const { description, columns } = databases.telemetry.tables[table];
    expect(description).not.toBe("");
    expect(Object.keys(columns).sort()).toEqual(columnsIn(table).sort());
    expect(Object.values(columns)).not.toContain("");
  }
});

test("its queries run", async () => {
  const { databases } = await Bun.file(PATH).json();
  const queries = Object.values<{ title: string; sql: string }>(databases.telemetry.queries);
  expect(queries).toHaveLength(12);
  for (const { title, sql } of queries) {
    expect(title).not.toBe("");
    read(dbPath, sql);
  }
});
