import { type Kysely, sql } from "kysely";
import type { PostgresSchema } from "./schema";

/** Names of columns of `executions`, by which one row is told from another. */
export type ExecutionsKey = readonly (keyof PostgresSchema["executions"])[];

/** The primary key of `executions` as it is: on the way to a billion rows somebody may have added a column to it. */
export async function executionsKey(db: Kysely<PostgresSchema>, schema: string): Promise<ExecutionsKey> {
  const { rows } = await sql<{ name: ExecutionsKey[number] }>`
    SELECT attname AS name FROM pg_index JOIN pg_attribute ON attrelid = indrelid AND attnum = ANY(indkey)
    WHERE indrelid = to_regclass(quote_ident(${schema}) || '.executions') AND indisprimary`.execute(db);
  return rows.map(({ name }) => name);
}
