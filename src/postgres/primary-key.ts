import { type Kysely, sql } from "kysely";
import type { PostgresSchema } from "./schema";

/** The columns of the primary key of `executions`. */
export type ExecutionsKey = readonly (keyof PostgresSchema["executions"])[];

/** Reads the primary key of `executions`: to partition or distribute the table, somebody may have added a column. */
export async function executionsKey(db: Kysely<PostgresSchema>, schema: string): Promise<ExecutionsKey> {
  const { rows } = await sql<{ name: ExecutionsKey[number] }>`
    SELECT attname AS name FROM pg_index JOIN pg_attribute ON attrelid = indrelid AND attnum = ANY(indkey)
    WHERE indrelid = to_regclass(quote_ident(${schema}) || '.executions') AND indisprimary`.execute(db);
  return rows.map(({ name }) => name);
}
