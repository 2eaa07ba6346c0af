import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { fillLedger, ledgerIn, startForward } from "../support/forwarding";
import { peakMemory } from "../support/peak-memory";
import { usePostgres } from "../support/postgres";
import { type RunningScript, startScript } from "../support/run-script";
import { tempDir } from "../support/temp-dir";

const server = usePostgres();
const folder = tempDir();

const start = (from: string, url: string) =>
  startScript("forwarding-app.ts", [from, "100"], { RUNLEDGER_FORWARD_URL: url });

/** What can be seen of a process from outside. */
function commandLineOf({ process }: RunningScript): string {
  return readFileSync(`/proc/${process.pid}/cmdline`, "utf8");
}

test.each([
  ["works", "forwarded", (url: string) => url],
  ["is down", "degraded", (url: string) => url.replace(`:${server.port}/`, ":1/")],
  ["lets nobody in", "degraded", (url: string) => url.replace("postgres:not", "nobody:not")],
])("an application whose target %s shows the password nowhere", async (_, line, change) => {
  const from = ledgerIn(folder, `secret-${line}-${crypto.randomUUID()}`);
  const app = start(from, change(server.url(await server.createDatabase())));
  await app.waitForLine(line);
  expect(commandLineOf(app)).not.toContain("not-a-secret");
  app.process.kill("SIGUSR2");
  const { exitCode, stdout, stderr } = await app.finished;
  expect(exitCode).toBe(0);
  expect(JSON.parse(stdout.split("\n")[1] ?? "")).toMatchObject({
    forwarded: line === "forwarded" ? 100 : 0,
    behind: line === "forwarded" ? 0 : 100,
  });
  expect(stdout + stderr).not.toContain("not-a-secret");
  // One line when it stops working, and one for what is left.
  expect(
    stderr
      .trim()
      .split("\n")
      .filter((text) => text !== ""),
  ).toHaveLength(line === "forwarded" ? 0 : 2);
});

test("memory is bounded by the batch, not by the ledger", async () => {
  const from = ledgerIn(folder, "large");
  const sessionId = "x".repeat(20_000);
  fillLedger(from, "row", 5_000, () => ({ sessionId }));
  const forwarder = startForward(["--from", from, "--batch-size", "100"], {
    RUNLEDGER_FORWARD_URL: server.url(await server.createDatabase()),
  });
  const peak = peakMemory(forwarder.process);
  const { exitCode, stdout } = await forwarder.finished;
  expect({ exitCode, stdout }).toEqual({
    exitCode: 0,
    stdout: "5,000 forwarded, 0 already there, 0 rejected\n",
  });
  // The ledger alone is 100 MB; read, written as an array, and buffered for the network it would be three times that.
  expect(await peak).toBeLessThan(300 << 20);
});
