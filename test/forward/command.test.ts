import { beforeAll, describe, expect, test } from "bun:test";
import { createTelemetryStore } from "../../src/ledger/store";
import { runCli } from "../support/fake-terminal";
import { expectForwarded, fillLedger, forwardedIds, ledgerIn, startForward } from "../support/forwarding";
import { read } from "../support/ledger";
import { filesBeside } from "../support/place";
import { usePostgres } from "../support/postgres";
import { queryOnce } from "../support/postgres-server";
import { tempDir } from "../support/temp-dir";

const server = usePostgres();
const folder = tempDir();
const from = ledgerIn(folder);
let url = "";
let name = "";

beforeAll(async () => {
  fillLedger(from, "row", 250);
  const database = await server.createDatabase();
  url = server.url(database);
  name = `127.0.0.1:${server.port}/${database}?public`;
});

const forward = (...args: string[]) => runCli(["forward", "--from", from, "--to", url, ...args]);

describe("runledger forward", () => {
  test("--dry-run says what there is to forward, and writes nothing anywhere", async () => {
    const { exitCode, out } = await forward("--dry-run");
    expect({ exitCode, out }).toEqual({
      exitCode: 0,
      out: `250 executions would be forwarded to ${name}\nIts tables would be made in schema public.\nNothing was forwarded.\n`,
    });
    expect(read(from, "SELECT * FROM forward_targets")).toEqual([]);
    expect(await queryOnce(url, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")).toEqual([]);
    expect(filesBeside(from)).toEqual(["telemetry.db"]);
  });

  test("forwards, with a bar on a terminal that ends up wiped", async () => {
    const { exitCode, out, err } = await runCli(
      ["forward", "--from", from, "--to", url, "--batch-size", "100"],
      {
        isErrorTerminal: true,
      },
    );
    expect({ exitCode, out }).toEqual({ exitCode: 0, out: "250 forwarded, 0 already there, 0 rejected\n" });
    expect(err).toMatch(/[█░]{30} \d+ %/);
    expect(err).toEndWith("\r\x1b[K");
    await expectForwarded(url, [from]);
  });

  test("forwards what came since, and says what there was besides executions", async () => {
    fillLedger(from, "more", 10);
    const store = createTelemetryStore({ dbPath: from });
    store.recordIncident({ kind: "dropped", reason: "full" });
    store.close();
    expect(JSON.parse((await forward("--dry-run", "--json")).out)).toEqual({
      schema: "runledger.forward/1",
      target: name,
      executions: 10,
      hasTables: true,
    });
    expect((await forward()).out).toBe("10 forwarded, 0 already there, 0 rejected, 1 incident\n");
    expect((await forward()).out).toBe("0 forwarded, 0 already there, 0 rejected\n");
  });

  test("doctor says how far behind the target is", async () => {
    const finding = async () => {
      const { out } = await runCli(["doctor", "--db", from, "--json"]);
      return JSON.parse(out).findings.find(({ check }: { check: string }) => check === "forwarding");
    };
    expect(await finding()).toMatchObject({ level: "ok", message: "1 target, none behind" });
    fillLedger(from, "late", 5);
    expect(await finding()).toMatchObject({
      level: "note",
      message: expect.stringMatching(
        /by 5 executions, with nothing new since [\d: -]+ UTC; until then no purge/,
      ),
      remedy: expect.stringContaining(`runledger forward --forget '${name}' --from ${from}`),
    });
  });

  test("--forget ends what the ledger keeps for a target", async () => {
    expect(await forward("--forget")).toMatchObject({ exitCode: 0, out: `${name} is forgotten\n` });
    expect(read(from, "SELECT * FROM forward_targets")).toEqual([]);
    expect(JSON.parse((await forward("--forget", "--json")).out)).toMatchObject({ forgotten: false });
    // The target itself remembers where it was.
    expect((await forward()).out).toBe("5 forwarded, 0 already there, 0 rejected\n");
    await expectForwarded(url, [from]);
  });

  test("--follow forwards what comes until it is interrupted", async () => {
    const follower = startForward(["--from", from, "--follow", "--interval", "10"], {
      RUNLEDGER_FORWARD_URL: url,
    });
    fillLedger(from, "followed", 20);
    while ((await forwardedIds(url)).length < 285) await Bun.sleep(50);
    follower.process.kill("SIGINT");
    const { exitCode, stdout, stderr } = await follower.finished;
    expect({ exitCode, stdout, stderr }).toEqual({
      exitCode: 0,
      stdout: "20 forwarded, 0 already there, 0 rejected\n",
      stderr: "",
    });
  });

  test("--follow waits for a server that isn't there yet, and says so once", async () => {
    await server.crash();
    const follower = startForward(["--from", from, "--follow", "--interval", "10"], {
      RUNLEDGER_FORWARD_URL: url,
    });
    await follower.waitForError("can't be forwarded");
    fillLedger(from, "waited", 1);
    await server.start();
    while (!(await forwardedIds(url)).includes("waited-1")) await Bun.sleep(50);
    follower.process.kill("SIGINT");
    const { exitCode, stderr } = await follower.finished;
    expect(exitCode).toBe(0);
    expect(stderr.split("\n").filter((line) => line.includes("can't be forwarded"))).toHaveLength(1);
  });
});
