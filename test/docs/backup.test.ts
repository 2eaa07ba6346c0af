import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { join } from "node:path";
import { createTelemetryStore } from "../../src/ledger/store";
import { executionCompleted } from "../../src/testing";
import { pageOf } from "../support/docs";
import { runCli } from "../support/fake-terminal";
import { read } from "../support/ledger";
import { tempDir } from "../support/temp-dir";

test("a backup as docs/operations.md makes it, while the ledger is written, is a whole ledger", async () => {
  const [, statement = ""] =
    /^ {4}sqlite3 \.\/data\/telemetry\.db "(.*)"$/m.exec(pageOf("docs/operations.md")) ?? [];
  const folder = tempDir();
  const dbPath = join(folder, "telemetry.db");
  const copy = join(folder, "telemetry.backup.db");
  using store = createTelemetryStore({ dbPath });
  store.record(executionCompleted({ executionId: "before" }));
  using other = new Database(dbPath);
  other.run(statement.replace("./telemetry.backup.db", copy));
  store.record(executionCompleted({ executionId: "after" }));

  expect(read(copy, "SELECT execution_id FROM executions")).toEqual([{ execution_id: "before" }]);
  expect((await runCli(["doctor", "--db", copy])).out).toContain("ok       schema: version");
  using restored = createTelemetryStore({ dbPath: copy });
  expect(restored.recordMany([executionCompleted({ executionId: "before" })])).toEqual({
    written: 0,
    duplicates: 1,
  });
  expect(read(copy, "PRAGMA auto_vacuum")).toEqual(read(dbPath, "PRAGMA auto_vacuum"));
});
