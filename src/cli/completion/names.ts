import { sql } from "kysely";
import { openLedger } from "../../report/database/open-ledger";
import { reading } from "../../report/database/snapshot";
import { NAME_KINDS, type NameKind } from "./words";

/** The most names that are offered; a ledger may have any number. */
const MOST_NAMES = 1_000;
/** Names that every shell takes as one plain word. */
const IS_PLAIN_WORD = /^[\w./@:+,=-]+$/;

/** A ledger's names of one kind, only those that need no quotes in a shell. */
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
