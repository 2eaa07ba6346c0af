import { expect, test } from "bun:test";
import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { telemetryPlugin } from "../../plugins/telemetry";
import { createApp } from "../../src/app/create-app";
import { plainPath } from "../../src/ledger/plain-path";
import { createTelemetryStore } from "../../src/ledger/store";
import { openLedger } from "../../src/report/database/open-ledger";
import { executionCompleted } from "../../src/testing";
import { runCli } from "../support/fake-terminal";
import { countRows } from "../support/place";
import { tempDir } from "../support/temp-dir";

test.each([
  ["a/../x.db", "x.db"],
  ["../x.db", "../x.db"],
  ["./data/telemetry.db", "./data/telemetry.db"],
  ["/a/b/../../x.db", "/x.db"],
  ["a..b/..x.db", "a..b/..x.db"],
  [":memory:", ":memory:"],
])("%s is %s", (path, plain) => {
  expect(plainPath(path)).toBe(plain);
});

test.each([
  ["is not there", (_: string) => {}],
  [
    "is a link to elsewhere",
    (folder: string) => {
      mkdirSync(join(folder, "elsewhere", "deep"), { recursive: true });
      symlinkSync(join(folder, "elsewhere", "deep"), join(folder, "a"));
    },
  ],
])("a/../x.db, where a %s, is one ledger to plugin, store, reader and command line", async (_, prepare) => {
  const folder = tempDir();
  prepare(folder);
  const dbPath = `${folder}/a/../x.db`;
  const app = createApp().use(telemetryPlugin, { dbPath });
  app.emitter.emit("execution:completed", executionCompleted());
  await app.close();
  {
    using store = createTelemetryStore({ dbPath });
    store.record(executionCompleted());
  }
  expect(countRows(join(folder, "x.db"))).toBe(2);
  await using ledger = await openLedger(dbPath);
  expect(ledger.location).toBe(join(folder, "x.db"));
  const { out } = await runCli(["executions", "--json", "--db", dbPath]);
  expect(out.trim().split("\n")).toHaveLength(2);
  expect((await runCli(["checkpoint", "--db", dbPath])).exitCode).toBe(0);
});
