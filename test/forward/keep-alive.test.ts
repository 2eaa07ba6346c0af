import { describe, expect, test } from "bun:test";
import { existsSync, mkdirSync } from "node:fs";
import { forwardedIds, ledgerIn } from "../support/forwarding";
import { usePostgres } from "../support/postgres";
import { queryOnce } from "../support/postgres-server";
import { runScript } from "../support/run-script";
import { tempDir } from "../support/temp-dir";

const server = usePostgres();
const folder = tempDir();
const newPath = () => ledgerIn(folder, crypto.randomUUID());

/** Runs a process that awaits nothing but this. */
async function awaiting(what: string, dbPath: string, to?: string) {
  const environment = { ...(to !== undefined && { RUNLEDGER_FORWARD_URL: to }) };
  const { exitCode, signalCode, stdout } = await runScript("await-ready.ts", [dbPath, what], environment);
  return { exitCode, signalCode, stdout };
}

describe("what is awaited keeps the process alive:", () => {
  test("telemetry.ready", async () => {
    const dbPath = newPath();
    expect(await awaiting("telemetry.ready", dbPath)).toEqual({
      ...{ exitCode: 0, signalCode: null, stdout: "telemetry.ready\n" },
    });
    expect(existsSync(dbPath)).toBe(true);
  });

  test("forwarding.ready, also while the ledger is only being made", async () => {
    const to = server.url(await server.createDatabase());
    expect(await awaiting("forwarding.ready", newPath(), to)).toEqual({
      ...{ exitCode: 0, signalCode: null, stdout: "forwarding.ready\n" },
    });
    expect(await queryOnce(to, "SELECT count(*)::int AS n FROM executions")).toEqual([{ n: 0 }]);
  });

  test("forwarding.flush", async () => {
    const to = server.url(await server.createDatabase());
    expect(await awaiting("forwarding.flush", newPath(), to)).toEqual({
      ...{ exitCode: 0, signalCode: null, stdout: "forwarding.flush\n" },
    });
    expect(await forwardedIds(to)).toHaveLength(1);
  });
});

describe("what may never come keeps no process alive:", () => {
  const ended = { exitCode: 0, signalCode: null, stdout: "" };

  test("telemetry.ready of a ledger that can't be written", async () => {
    const dbPath = newPath();
    mkdirSync(dbPath);
    expect(await awaiting("telemetry.ready", dbPath)).toEqual(ended);
  });

  test.each(["forwarding.ready", "forwarding.flush"])(
    "%s to a target that can't be reached",
    async (what) => {
      const down = "postgres://bot@127.0.0.1:1/database";
      expect(await awaiting(what, newPath(), down)).toEqual(ended);
    },
  );
});
