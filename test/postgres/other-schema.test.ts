import { expect, test } from "bun:test";
import { forwardOnce } from "../../plugins/forward";
import { openLedger } from "../../src/report/database/open-ledger";
import { executionsOf } from "../../src/report/executions";
import { usageReport } from "../../src/report/usage-report";
import { runCli } from "../support/fake-terminal";
import { fillLedger, ledgerIn } from "../support/forwarding";
import { usePostgres } from "../support/postgres";
import { recordingLogger } from "../support/recording-logger";
import { tempDir } from "../support/temp-dir";

const server = usePostgres();

test("a ledger in a schema of its own is read, checked and purged there alone", async () => {
  const folder = tempDir();
  const [here, elsewhere] = [ledgerIn(folder, "here"), ledgerIn(folder, "elsewhere")];
  fillLedger(here, "here", 60);
  fillLedger(elsewhere, "elsewhere", 30);
  const database = server.url(await server.createDatabase());
  const to = `${database}?schema=its own`;
  await forwardOnce({ from: elsewhere, to: database, logger: recordingLogger() });
  await forwardOnce({ from: here, to, logger: recordingLogger() });
  {
    await using file = await openLedger(here);
    await using ledger = await openLedger(to);
    // A day that is cut is read from the executions.
    const asked = { since: "2026-01-01T00:10:00Z", until: "2026-01-01T00:50:00Z", by: ["model"] } as const;
    const [ofServer, ofFile] = [await usageReport(ledger, asked), await usageReport(file, asked)];
    expect(ofServer.totals).toEqual(ofFile.totals);
    expect(ofServer.totals.executions).toBe(40);
    expect(ofServer.groups).toEqual(ofFile.groups);
    const rows = (await Array.fromAsync(executionsOf(ledger, {}, { order: "oldest" }))).flat();
    expect(rows).toHaveLength(60);
    expect(rows.filter(({ models }) => models !== undefined)).toHaveLength(10);
  }
  expect(await runCli(["doctor", "--db", to])).toMatchObject({ exitCode: 0 });
  expect((await runCli(["purge", "--older-than", "1d", "--db", to])).out).toBe("60 executions purged\n");
  expect((await runCli(["report", "--by", "model", "--json", "--db", database])).out).toContain(
    '"executions": 30',
  );
});
