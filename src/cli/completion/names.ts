import { sql } from "kysely";
import { openLedger } from "../../report/database/open-ledger";
import { reading } from "../../report/database/snapshot";
import { NAME_KINDS, type NameKind } from "./words";

/** Enough to choose from; a ledger may have any number. */
const MOST_NAMES = 1_000;
/** What a shell takes as one word, whatever it does with it. */
const IS_PLAIN_WORD = /^[\w./@:+,=-]+$/;

/** Names of a kind that a ledger has, of those that need no quotes in a shell. */
export async function namesIn(dbPath: string, kind: NameKind): Promise<string[]> {
  await using ledger = await openLedger(dbPath);
  const names = ledger.db
    .selectFrom("usage_daily")
    .select(sql.ref<string>(NAME_KINDS[kind]).as("name"))
    .distinct()
    .orderBy("name")
    .limit(MOST_NAMES);
  const rows = await reading(ledger, () => names.execute());
  return rows.map(({ name }) => name).filter((name) => IS_PLAIN_WORD.test(name));
}
