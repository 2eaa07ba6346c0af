import { expect, test } from "bun:test";
import { join } from "node:path";
import { pageOf, shownCommands } from "../support/docs";
import { makeDocsLedger } from "../support/docs-ledger";
import { read } from "../support/ledger";
import { tempDir } from "../support/temp-dir";

test("the page's SQL prints what it shows", () => {
  const folder = tempDir();
  makeDocsLedger(folder);
  const [[command = "", shown = ""] = []] = shownCommands(pageOf("docs/reading.md"));
  const [, sql = ""] = /^sqlite3 data\/telemetry\.db "(.*)"$/.exec(command) ?? [];
  const rows = read(join(folder, "data", "telemetry.db"), sql);
  expect(rows.map((row) => `${Object.values(row).join("|")}\n`).join("")).toBe(shown);
});
