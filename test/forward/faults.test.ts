import { expect, test } from "bun:test";
import { tries } from "../support/effort";
import { expectForwarded, fillLedger, ledgerIn, startForward } from "../support/forwarding";
import { usePostgres } from "../support/postgres";
import { queryOnce } from "../support/postgres-server";
import type { RunningScript } from "../support/run-script";
import { tempDir } from "../support/temp-dir";

const LEDGERS = 4;
const EXECUTIONS = tries(1_000, 25_000);
const KILLS = tries(4, 10);
const CRASHES = tries(2, 5);
const server = usePostgres();
const folder = tempDir();

test("while the server crashes and forwarders are killed again and again, each execution is forwarded exactly once", async () => {
  const url = server.url(await server.createDatabase());
  const ledgers = Array.from({ length: LEDGERS }, (_, index) => ledgerIn(folder, `ledger-${index}`));
  for (const [index, dbPath] of ledgers.entries()) fillLedger(dbPath, `ledger-${index}`, EXECUTIONS);
  const start = (dbPath: string) =>
    startForward(["--from", dbPath, "--follow", "--interval", "20", "--batch-size", "100"], {
      RUNLEDGER_FORWARD_URL: url,
    });
  const forwarders = ledgers.map(start);
  try {
    const faults = KILLS + CRASHES;
    for (let fault = 1; fault <= faults; fault += 1) {
      // Spread over the first nine tenths, so that each has something to interrupt.
      await untilForwarded(url, (fault * 0.9 * LEDGERS * EXECUTIONS) / (faults + 1));
      if (fault % 3 === 0) {
        await server.crash();
        await server.start();
      } else {
        const index = fault % LEDGERS;
        await kill(forwarders[index]);
        forwarders[index] = start(ledgers[index] ?? "");
      }
    }
    await untilForwarded(url, LEDGERS * EXECUTIONS);
  } finally {
    await Promise.all(forwarders.map(kill));
  }
  await expectForwarded(url, ledgers);
});

async function kill(forwarder: RunningScript | undefined): Promise<void> {
  forwarder?.process.kill("SIGKILL");
  const end = await forwarder?.finished;
  // Nothing else ended it, and it said nothing but that the server was gone, and was back.
  expect(end?.signalCode).toBe("SIGKILL");
  expect(end?.stderr ?? "").toMatch(
    /^(runledger: executions (can't be forwarded|are forwarded again).*\n)*$/,
  );
}

/** Until the ledgers' places are so far; they move with the executions. */
async function untilForwarded(url: string, executions: number): Promise<void> {
  for (;;) {
    const [row] = await queryOnce<{ count: number }>(
      url,
      "SELECT coalesce(sum(last_id), 0)::int AS count FROM forward_sources",
    ).catch(() => []);
    if ((row?.count ?? 0) >= executions) return;
    // Each look is a connection, which costs the server more than a batch.
    await Bun.sleep(50);
  }
}
