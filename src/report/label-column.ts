import { type RawBuilder, sql } from "kysely";

/**
 * The value of an execution's label; NULL without it. The name is not a parameter, so that PostgreSQL can group by the
 * expression.
 */
export function labelColumn(label: string): RawBuilder<string | null> {
  return sql`labels ->> ${sql.lit(label)}`;
}
