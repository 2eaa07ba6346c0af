import type { Kysely } from "kysely";
import type { PostgresSchema } from "../postgres/schema";
import { daysWithWrongSums } from "../postgres/sums";
import { parsePostgresUrl } from "../postgres/url";
import type { Ledger } from "../report/database/ledger";
import { openLedger } from "../report/database/open-ledger";
import { reading } from "../report/database/snapshot";
import { formatCountOf } from "../report/format/values";
import { shellWord } from "../shell-words";
import { incidents } from "./contents";
import { type Check, type Finding, toFinding } from "./finding";
import { prices } from "./prices";

const SHOWN_DAYS = 5;

/**
 * Checks a PostgreSQL ledger. Integrity, indexes and files are left to the server.
 *
 * @throws {RunledgerError} If it can't be opened.
 */
export async function* examinePostgres(url: string, isQuick: boolean): AsyncGenerator<Finding> {
  await using ledger = await openLedger(url);
  yield { check: "schema", level: "ok", message: "up to date" };
  const typed = parsePostgresUrl(url).url;
  const patient = { dbPath: typed, dbWord: shellWord(typed), ledger };
  for (const { name, run, isLong } of [forwarding, sums, prices, incidents]) {
    if (isQuick && isLong === true) continue;
    const failed = toFinding(name);
    yield await reading(ledger, () => run(patient)).then((found) => ({ check: name, ...found }), failed);
  }
}

const forwarding: Check = {
  name: "forwarding",
  async run({ ledger }) {
    const sources = await tablesOf(ledger)
      .selectFrom("forward_sources")
      .select(["ledger_id", "updated_at"])
      .orderBy("updated_at", "desc")
      .execute();
    const [latest] = sources;
    const from = formatCountOf(sources.length, "ledger");
    return latest === undefined
      ? { level: "note", message: "no ledger was forwarded yet" }
      : { level: "ok", message: `from ${from}, the latest at ${latest.updated_at} UTC` };
  },
};

const sums: Check = {
  name: "sums per day",
  isLong: true,
  async run({ ledger }) {
    const wrong = await daysWithWrongSums(tablesOf(ledger));
    if (wrong.length === 0) return { level: "ok", message: "right" };
    const shown = wrong.slice(0, SHOWN_DAYS).join(", ") + (wrong.length > SHOWN_DAYS ? ", …" : "");
    return {
      level: "problem",
      message: `not what the rows add up to, in ${formatCountOf(wrong.length, "day")}: ${shown}`,
      remedy:
        "Something else than Runledger changed rows. If the rows are right, forward all ledgers to a new schema.",
    };
  },
};

/** The ledger with the tables that only PostgreSQL has. */
function tablesOf({ db }: Ledger): Kysely<PostgresSchema> {
  return db as unknown as Kysely<PostgresSchema>;
}
