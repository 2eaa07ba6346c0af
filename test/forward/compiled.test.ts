import { expect, test } from "bun:test";
import { join, resolve } from "node:path";
import { pageOf } from "../support/docs";
import { expectForwarded, ledgerIn } from "../support/forwarding";
import { usePostgres } from "../support/postgres";
import { tempDir } from "../support/temp-dir";

const ROOT = resolve(import.meta.dir, "../..");
const server = usePostgres();
const folder = tempDir();

test("an application compiled to one executable, as docs/operations.md says it, forwards from its thread", async () => {
  const [, parameters = ""] =
    /^ {4}bun (build --compile --entry-naming .*)$/m.exec(pageOf("docs/operations.md")) ?? [];
  const command = parameters
    .replace("app.ts", join(ROOT, "test/process/forwarding-app.ts"))
    .replaceAll("node_modules/runledger", ROOT);
  const executable = join(folder, "app");
  const built = Bun.spawnSync(["sh", "-c", `"${process.execPath}" ${command} --outfile ${executable}`], {
    cwd: folder,
  });
  expect({ exitCode: built.exitCode, stderr: `${built.stderr}` }).toMatchObject({ exitCode: 0 });

  const from = ledgerIn(folder);
  const to = server.url(await server.createDatabase());
  const app = Bun.spawn([executable, from, "100"], {
    env: { ...process.env, RUNLEDGER_FORWARD_URL: to },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let out = "";
  for await (const chunk of app.stdout) {
    out += Buffer.from(chunk).toString();
    if (out === "forwarded\n") app.kill("SIGUSR2");
  }
  expect({ exitCode: await app.exited, err: await app.stderr.text() }).toEqual({ exitCode: 0, err: "" });
  expect(JSON.parse(out.split("\n")[1] ?? "")).toMatchObject({ forwarded: 100, behind: 0 });
  await expectForwarded(to, [from]);
}, 30_000);
