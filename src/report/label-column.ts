import { type RawBuilder, sql } from "kysely";

/** The value of a label of an execution; NULL without it. Not a parameter, so that PostgreSQL groups by it. */
export function labelColumn(label: string): RawBuilder<string | null> {
  return sql`labels ->> ${sql.lit(label)}`;
}
