import { beforeAll, describe, expect, test } from "bun:test";
import { join, resolve } from "node:path";
import { expectForwarded, ledgerIn } from "../support/forwarding";
import { usePostgres } from "../support/postgres";
import { copyScript, createProject, runBun } from "../support/project";
import { tempDir } from "../support/temp-dir";

const ROOT = resolve(import.meta.dir, "../..");
const SCRIPT = "test/process/forwarding-app.ts";
/** Elsewhere in the tests, scripts run the built package. */
const FROM_SOURCE = ["--tsconfig-override", join(ROOT, "tsconfig.json")];
const server = usePostgres();
const dir = tempDir();
const project = join(dir, "project");
const bundle = join(project, "bundle.js");
const executable = join(project, "executable");

beforeAll(async () => {
  await createProject(project, ["pg"]);
  const app = copyScript(project, SCRIPT);
  await runBun(project, "build", "--target=bun", app, "--outfile", bundle);
  // As the documentation says it.
  const page = await Bun.file(join(ROOT, "docs/operations.md")).text();
  const [, parameters = ""] = /^ {4}bun (build --compile --entry-naming .*)$/m.exec(page) ?? [];
  const words = parameters.split(" ").map((word) => word.replaceAll("'", ""));
  await runBun(project, ...words, "--outfile", executable);
});

describe("the forwarder has a thread of its own, and nothing is logged,", () => {
  test.each([
    ["from source", [process.execPath, ...FROM_SOURCE, join(ROOT, SCRIPT)]],
    ["from the installed package", [process.execPath, join(project, "app.ts")]],
    ["in an application's bundle beside an installed pg", [process.execPath, bundle]],
    ["in an application compiled to one executable", [executable]],
  ])("%s", async (_, command) => {
    const from = ledgerIn(tempDir());
    const to = server.url(await server.createDatabase());
    const app = Bun.spawn([...command, from, "100"], {
      cwd: dir,
      env: { ...process.env, RUNLEDGER_FORWARD_URL: to },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let out = "";
    for await (const chunk of app.stdout) {
      out += Buffer.from(chunk).toString();
      if (out === "forwarded\n" || out === "degraded\n") app.kill("SIGUSR2");
    }
    expect({ exitCode: await app.exited, err: await app.stderr.text() }).toEqual({ exitCode: 0, err: "" });
    expect(JSON.parse(out.split("\n")[1] ?? "")).toMatchObject({ forwarded: 100, behind: 0 });
    await expectForwarded(to, [from]);
  });
});
