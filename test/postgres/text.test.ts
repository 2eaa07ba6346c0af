import { expect, test } from "bun:test";
import fc from "fast-check";
import { arrayLiteral } from "../../src/postgres/array-literal";
import { parsePostgresUrl } from "../../src/postgres/url";
import { tries } from "../support/effort";
import { usePostgres } from "../support/postgres";
import { queryOnce } from "../support/postgres-server";

const server = usePostgres();

test("an array is to PostgreSQL what it is to us", async () => {
  const element = fc.option(
    fc
      .string({ unit: "binary", maxLength: 20 })
      .map((text) => text.replaceAll("\0", ""))
      .filter((text) => text.isWellFormed()),
  );
  const awkward = fc.constantFrom("", "NULL", "null", '"', "\\", "{}", "a,b", " a ", "\n", '\\"');
  await fc.assert(
    fc.asyncProperty(fc.array(fc.oneof(element, awkward), { maxLength: 30 }), async (values) => {
      const [row] = await queryOnce(server.url("postgres"), "SELECT $1::text[] AS values", [
        arrayLiteral(values),
      ]);
      expect(row).toEqual({ values });
    }),
    { numRuns: tries(15, 100) },
  );
});

test("what is no text is written as its text", () => {
  expect(arrayLiteral([1, 0.1, null, 5e-324])).toBe('{"1","0.1",NULL,"5e-324"}');
});

test.each([
  ["postgres://bot:secret@db.internal/ledger", "db.internal:5432/ledger?public"],
  ["postgresql://bot@db.internal:6543/ledger?sslmode=require", "db.internal:6543/ledger?public"],
  ["postgres://db.internal/ledger?schema=other", "db.internal:5432/ledger?other"],
  ["postgres://bot@%2Fvar%2Frun/ledger", "/var/run:5432/ledger?public"],
  ["postgres://bot@/ledger?host=/var/run", "/var/run:5432/ledger?public"],
  // As pg does, which is what connects.
  ["postgres://bot@localhost:1/ledger?host=/cloudsql/one&port=6000", "/cloudsql/one:6000/ledger?public"],
  ["postgres://bot@db.internal", "db.internal:5432/bot?public"],
  ["postgres://bot@[::1]:5433/ledger", "[::1]:5433/ledger?public"],
  ["postgres://bot:50%@db.internal/ledger", "db.internal:5432/ledger?public"],
])("the name of a target has no user and no password in it: %s", (url, name) => {
  expect(parsePostgresUrl(url).name).toBe(name);
});

test.each([
  ["postgres://bot:secret@db.internal/ledger", "postgres://bot@db.internal:5432/ledger"],
  ["postgres://db:6543/a%20b?user=b%40c&password=x&schema=o'&sslmode=require&options=-c", ""],
  ["postgres://bot:secret@%2Fvar%2Frun/ledger", "postgres://bot@%2Fvar%2Frun:5432/ledger"],
  ["postgres://bot@/ledger?host=/var/run", ""],
  ["postgres://bot@[::1]:5433/ledger", "postgres://bot@[::1]:5433/ledger"],
])("what can be typed of a URL names the same, and has no password in it: %s", (given, expected) => {
  const location = parsePostgresUrl(given);
  if (expected !== "") expect(location.url).toBe(expected);
  expect(parsePostgresUrl(location.url)).toMatchObject({ name: location.name, hasPassword: false });
  expect(parsePostgresUrl(location.url).url).toBe(location.url);
});

test.each(["postgres://bot:se%2Fcret@db/ledger", "postgres://db/ledger?user=bot&password=se/cret"])(
  "a password is taken out of every text, encoded or not",
  (url) => {
    const { hasPassword, redact } = parsePostgresUrl(url);
    expect(hasPassword).toBe(true);
    expect(redact(`it was se/cret in ${url}`)).not.toMatch(/cret/);
    expect(parsePostgresUrl("postgres://bot@db/ledger")).toMatchObject({ hasPassword: false });
  },
);
