import { expect, test } from "bun:test";
import { cpSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { forwardOnce } from "../../plugins/forward";
import { builtPackage } from "../support/dist";
import { pageOf } from "../support/docs";
import { fillLedger, ledgerIn, runForward } from "../support/forwarding";
import { usePostgres } from "../support/postgres";
import { queryOnce } from "../support/postgres-server";
import { recordingLogger } from "../support/recording-logger";
import { runScript } from "../support/run-script";
import { tempDir } from "../support/temp-dir";
import { thrownBy } from "../support/thrown-by";

const SECRET = "s3cr&t/pass";
const ENCODED = encodeURIComponent(SECRET);
const server = usePostgres();
const folder = tempDir();
const from = ledgerIn(folder);
fillLedger(from, "row", 10);

/** The URL of a database, with our secret instead of the password. */
async function secretUrl(change: (url: URL) => void = () => {}, user = "postgres"): Promise<string> {
  const url = new URL(server.url(await server.createDatabase(), { user, password: SECRET }));
  change(url);
  return url.href;
}

const REFUSALS: readonly {
  readonly what: string;
  readonly url: () => Promise<string>;
  readonly code?: string;
  readonly message: RegExp;
  readonly hint: RegExp;
}[] = [
  {
    what: "a wrong password",
    url: () => secretUrl(),
    message: /28P01: password authentication failed/,
    hint: /RUNLEDGER_FORWARD_URL/,
  },
  {
    what: "an unknown host",
    url: () =>
      secretUrl((url) => {
        url.hostname = "nowhere.invalid";
      }),
    // The second where there is no network.
    message: /nowhere\.invalid:\d+\/\w+\?public: (ENOTFOUND|EAI_AGAIN)/,
    hint: /Check the host name/,
  },
  {
    what: "a port where nobody listens",
    url: () =>
      secretUrl((url) => {
        url.port = "1";
      }),
    message: /ECONNREFUSED/,
    hint: /whether the server is running/,
  },
  {
    what: "a missing database",
    url: async () => server.url("nowhere"),
    message: /3D000: database "nowhere" does not exist/,
    hint: /Create the database/,
  },
  {
    what: "a server without TLS",
    url: async () => `${server.url(await server.createDatabase())}?sslmode=verify-full`,
    message: /does not support SSL/,
    hint: /sslmode/,
  },
  {
    what: "missing rights",
    url: async () => {
      await createRole("nobody_special");
      return secretUrl(undefined, "nobody_special");
    },
    message: /42501: permission denied for schema public/,
    hint: /docs\/forwarding\.md/,
  },
  {
    what: "a newer schema",
    url: async () => {
      const url = server.url(await server.createDatabase());
      await forwardOnce({ from: ledgerIn(folder, "other"), to: url }).catch(() => {});
      await forwardOnce({ from, to: url });
      await queryOnce(url, "INSERT INTO runledger_migration VALUES ('9999_future', now()::text)");
      return url;
    },
    code: "SCHEMA_TOO_NEW",
    message: /9999_future/,
    hint: /Update runledger/,
  },
  {
    what: "dropped tables",
    url: async () => {
      const url = server.url(await server.createDatabase());
      await forwardOnce({ from, to: url });
      await queryOnce(url, "DROP TABLE forward_sources");
      return url;
    },
    message: /42P01/,
    hint: /restore it/,
  },
];

test.each(REFUSALS)("$what is one clear error", async ({ url, code = "FORWARD_FAILED", message, hint }) => {
  const to = await url();
  const { exitCode, stdout, stderr } = await runForward(["--from", from, "--json"], {
    RUNLEDGER_FORWARD_URL: to,
  });
  expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: "" });
  const { error } = JSON.parse(stderr);
  expect(error).toEqual({
    code,
    message: expect.stringMatching(message),
    hint: expect.stringMatching(hint),
  });
  expectNoSecret(stderr);

  const thrown = await thrownBy(() => forwardOnce({ from, to, logger: recordingLogger() }));
  expect(thrown.code).toBe(code as typeof thrown.code);
  expectNoSecret(Bun.inspect(thrown, { depth: 10 }));
});

async function createRole(name: string): Promise<void> {
  await queryOnce(server.url("postgres"), `CREATE ROLE ${name} LOGIN PASSWORD '${SECRET}'`);
}

function expectNoSecret(text: string): void {
  for (const secret of [SECRET, ENCODED, "s3cr", "not-a-secret"]) expect(text).not.toContain(secret);
}

test.each([
  [{ from, to: `postgres://bot:s3cr#t@host/database` }, /in a user name or password/i],
  [{ from, to: `mysql://bot:${ENCODED}@host/database` }, /such as postgres:/],
  [{ from: `postgres://bot:${ENCODED}@host/database`, to: from }, /belongs in the option to/],
  [{ from, to: `postgres://bot:${ENCODED}@host/database`, batchSize: 0 }, /batchSize: expected an integer/],
  [
    { from, to: `postgres://bot:${ENCODED}@host/database`, ssl: { checkServerIdentity() {} } },
    /ssl: expected/,
  ],
  [{ from, to: `postgres://bot:${ENCODED}@host/database`, schema: "" }, /schema: expected a name/],
])("options that make no sense are refused, without the URL (%#)", async (options, message) => {
  const error = await thrownBy(() => forwardOnce(options));
  expect(error.code).toBe("INVALID_OPTION");
  expect(error.message).toMatch(message);
  expectNoSecret(Bun.inspect(error));
});

test("a password among the arguments works, and is warned about; the URL of the environment is read by nobody else", async () => {
  const to = server.url(await server.createDatabase());
  const { exitCode, stderr } = await runForward(["--from", from, "--to", to]);
  expect({ exitCode, stderr }).toEqual({
    exitCode: 0,
    stderr: "Others on this machine can read the password in --to; in RUNLEDGER_FORWARD_URL they can't.\n",
  });
  const neither = await runForward(["--from", from], { RUNLEDGER_FORWARD_URL: "" });
  expect(neither).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("RUNLEDGER_FORWARD_URL") });
});

test("a ledger that isn't there ends the command", async () => {
  const { exitCode, stderr } = await runForward(["--from", ledgerIn(folder, "none"), "--json"], {
    RUNLEDGER_FORWARD_URL: server.url("postgres"),
  });
  expect({ exitCode, code: JSON.parse(stderr).error.code }).toEqual({
    exitCode: 1,
    code: "LEDGER_NOT_FOUND",
  });
});

test("without the package pg the error names it", async () => {
  // Away from the repository, whose packages would be found.
  const copy = join(folder, "without-pg");
  cpSync(builtPackage(), copy, { recursive: true });
  // Where there is none at all, Bun installs what is imported.
  mkdirSync(join(copy, "node_modules"));
  const { exitCode, stderr } = await runScript(join(copy, "cli.js"), ["forward", "--from", from], {
    RUNLEDGER_FORWARD_URL: server.url("postgres"),
  });
  expect({ exitCode, stderr }).toEqual({
    exitCode: 1,
    stderr: "runledger: PostgreSQL needs the package pg, which is not installed. Run: bun add pg\n",
  });
});

test("the roles of docs/forwarding.md are enough: one forwards, one reads, neither can do more", async () => {
  const database = await server.createDatabase();
  const owner = server.url(database);
  await forwardOnce({ from, to: owner });
  const [, statements = ""] =
    /```sql\n(CREATE ROLE runledger_forward.*?)```/s.exec(pageOf("docs/forwarding.md")) ?? [];
  await queryOnce(owner, statements.replaceAll("…", SECRET));

  const as = (user: string) => server.url(database, { user, password: SECRET });
  // Incidents and a ledger that is new to the target are within its rights, too.
  const other = ledgerIn(folder, "least-privilege");
  fillLedger(other, "other", 10, (number) => (number === 3 ? { repo: "\0" } : {}));
  expect(
    await forwardOnce({ from: other, to: as("runledger_forward"), logger: recordingLogger() }),
  ).toMatchObject({
    forwarded: 9,
    rejected: 1,
  });
  await queryOnce(owner, "DELETE FROM forward_sources");
  expect(
    await forwardOnce({ from: other, to: as("runledger_forward"), logger: recordingLogger() }),
  ).toMatchObject({
    duplicates: 9,
    rejected: 1,
  });
  expect(await queryOnce(as("runledger_read"), "SELECT count(*)::int AS count FROM executions")).toEqual([
    { count: 19 },
  ]);
  for (const [user, statement] of [
    ["runledger_forward", "DELETE FROM executions"],
    ["runledger_forward", "UPDATE executions SET cost_usd = 0"],
    ["runledger_read", "UPDATE usage_daily SET cost_usd = 0"],
    ["runledger_read", "INSERT INTO ledger VALUES ('a', 'b')"],
  ] as const) {
    await expect(queryOnce(as(user), statement)).rejects.toThrow("permission denied");
  }
  expect((await thrownBy(() => forwardOnce({ from, to: as("runledger_read") }))).message).toContain("42501");
});
