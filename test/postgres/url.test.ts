import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { createApp, telemetryPlugin } from "../../src/index";
import { parsePostgresUrl } from "../../src/postgres/url";
import { openLedger } from "../../src/report/database/open-ledger";
import { tries } from "../support/effort";
import { runCli } from "../support/fake-terminal";
import { fillLedger, ledgerIn, runForward } from "../support/forwarding";
import { read } from "../support/ledger";
import { usePostgres } from "../support/postgres";
import { queryOnce } from "../support/postgres-server";
import { tempDir } from "../support/temp-dir";
import { thrownBy } from "../support/thrown-by";

const server = usePostgres();
const folder = tempDir();
const PUNCTUATION = Array.from("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~ \tü");
/** As an unencoded password stands in a URL: of each of these, something could be taken for host, port or database. */
const UNENCODED = [
  "postgres://bot:55/S3cret@host/db",
  "postgres://bot:55?S3cret@host/db",
  "postgres://bot:55?user=S3cret@host/db",
  "postgres://bot:55?password=S3cret@host/db",
  "postgres://bot:55#S3cret@host/db",
  "postgres://bot:55@S3/cret@host/db",
  "postgres://bot:55@S3#cret@host/db",
  "postgres://bot:55@/S3cret@host/db",
  "postgres://bot:55/S3cret@/db?host=/var/run",
  "postgres://b/55:S3cret@host/db",
  "postgres://bot:55\tS3cret@host/db",
  "postgres:/bot:55S3cret@host/db",
  "postgres:bot:55S3cret@host/db",
  " postgres://bot:55/S3cret@host/db",
];

function expectNothingOf(text: string): void {
  for (const part of ["55", "S3", "cret"]) expect(text).not.toContain(part);
}

describe("a password that is written as it is", () => {
  test.each(UNENCODED)(
    "where it would be mistaken: the URL is refused, and not repeated: %s",
    async (url) => {
      const error = await thrownBy(async () => parsePostgresUrl(url));
      expect(error).toMatchObject({ code: "INVALID_OPTION", hint: expect.stringContaining("%2F for /") });
      expectNothingOf(`${error.message} ${error.hint} ${error.cause}`);
    },
  );

  test("is refused whatever it is, or means itself", () => {
    const password = fc.string({
      unit: fc.constantFrom("5", "a", "S", "=", "user=", "host=", "://", ...PUNCTUATION),
      maxLength: 12,
    });
    const seen = { refused: 0, taken: 0 };
    fc.assert(
      fc.property(password, (secret) => {
        let name = "";
        try {
          ({ name } = parsePostgresUrl(`postgres://bot:${secret}@host/db`));
        } catch {
          seen.refused += 1;
          return;
        }
        seen.taken += 1;
        expect(name).toBe("host:5432/db?public");
      }),
      { numRuns: tries(1_500, 5_000) },
    );
    expect(Math.min(seen.refused, seen.taken)).toBeGreaterThan(100);
  });

  test("is shown by no command and noted in no ledger", async () => {
    const from = ledgerIn(folder);
    fillLedger(from, "row", 1);
    for (const url of UNENCODED) {
      const all = [
        await runCli(["forward", "--from", from, "--to", url]),
        await runCli(["forward", "--from", url, "--to", "postgres://bot@host/db"]),
        await runCli(["forward", "--forget", "--from", from, "--to", url]),
        await runCli(["report", "--db", url]),
        await runCli(["doctor", "--db", url, "--json"]),
        await runCli(["purge", "--older-than", "1d", "--db", url]),
        await runCli(["checkpoint", "--db", url]),
        await runCli(["import", url, "--db", from]),
      ];
      for (const { exitCode, out, err } of all) {
        expect(exitCode).toBeGreaterThan(0);
        expect(out).toBe("");
        expectNothingOf(err);
      }
      expect((await thrownBy(() => openLedger(url))).code).toBe("INVALID_OPTION");
      const app = createApp();
      const refused = await thrownBy(async () => app.use(telemetryPlugin, { dbPath: url }));
      expectNothingOf(refused.message);
    }
    const { exitCode, stderr } = await runForward(["--from", from], {
      RUNLEDGER_FORWARD_URL: UNENCODED[0] ?? "",
    });
    expect(exitCode).toBe(2);
    expectNothingOf(stderr);
    expect(read(from, "SELECT * FROM forward_targets")).toEqual([]);
  });
});

test("odd passwords, encoded, let everybody in, and are taken out of every text", async () => {
  const database = await server.createDatabase();
  await queryOnce(server.url("postgres"), "CREATE ROLE odd_password LOGIN");
  for (const character of PUNCTUATION) {
    const password = `55${character}S3${character}cret`;
    await queryOnce(
      server.url("postgres"),
      `ALTER ROLE odd_password PASSWORD '${password.replaceAll("'", "''")}'`,
    );
    const url = server.url(database, { user: "odd_password", password });
    const { name, redact } = parsePostgresUrl(url);
    expect(name).toBe(`127.0.0.1:${server.port}/${database}?public`);
    expect(redact(`${password} ${url}`)).not.toContain("cret");
    // It was let in: what is missing is the ledger.
    expect({ character, code: (await thrownBy(() => openLedger(url))).code }).toEqual({
      character,
      code: "LEDGER_NOT_FOUND",
    });
  }
  const wrong = server.url(database, { user: "odd_password", password: "wrong" });
  expect((await thrownBy(() => openLedger(wrong))).code).toBe("OPEN_FAILED");
});
