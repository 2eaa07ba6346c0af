import { type Compilable, type RawBuilder, type SqlBool, sql } from "kysely";
import * as z from "zod/mini";
import { EXECUTION_COLUMNS, type ExecutionRow } from "../ledger/schema";
import { check } from "./check";
import { completedIn, isBeyond, nameConditions, spanOf } from "./conditions";
import { unindexed } from "./database/dialect";
import type { Ledger } from "./database/ledger";
import { atOneMoment, reading } from "./database/snapshot";
import { checkLedger, resolveFilter } from "./filter";
import { withModels } from "./models";
import type { ExecutionFilter } from "./types";

/** What executions can be sorted by, the highest first. */
export const AMOUNT_ORDERS = ["cost", "duration", "tokens"] as const;
type AmountOrder = (typeof AMOUNT_ORDERS)[number];
const ORDERS = ["newest", "oldest", ...AMOUNT_ORDERS] as const;
export type ExecutionOrder = (typeof ORDERS)[number];

/** Which executions, and in what order. */
export interface ExecutionsOptions {
  /**
   * By time: `newest` or `oldest` first. By amount, the highest first: `cost`, `duration` or `tokens` (of all four
   * kinds); unknown amounts come last. By amount, each page reads all matching executions: give a `limit`.
   */
  readonly order: ExecutionOrder;
  /** At most this many. Default: all. */
  readonly limit?: number | undefined;
  /** Only those with a higher `id`. */
  readonly afterId?: number | undefined;
  /**
   * Only executions after another one in this order: pass what {@link placeOf} returned for it. The next page takes no
   * longer than the first, however far along it is.
   */
  readonly after?: string | undefined;
}

const PAGE_ROWS = 1_000;
const COUNT = "an integer, 0 or more";

const PLACE = "a place that came with an earlier page in this order";
const PLACE_TEXT = /^(.*)~(\d{1,15})$/s;

const count = z.int(COUNT).check(z.gte(0, COUNT));
const optionsSchema = z.strictObject({
  order: z.enum(ORDERS, `one of ${ORDERS.join(", ")}`),
  limit: z.optional(count),
  afterId: z.optional(count),
  after: z.optional(z.string(PLACE).check(z.regex(PLACE_TEXT, PLACE))),
});
const newSchema = z.strictObject({ afterId: count });

/**
 * The executions that match a filter and existed when the first page was read, page by page. Each page is one short
 * read, so memory stays constant, and the ledger's writer isn't held up.
 *
 * @throws {RunledgerError} `INVALID_ARGUMENT`, `STORE_FAILED`
 */
export async function* executionsOf(
  ledger: Ledger,
  filter: ExecutionFilter,
  options: ExecutionsOptions,
): AsyncGenerator<readonly ExecutionRow[]> {
  const {
    order,
    limit = Number.POSITIVE_INFINITY,
    afterId = 0,
    after,
  } = check(optionsSchema, options, "options");
  const place = after === undefined ? undefined : placeFrom(order, after);
  const lastId = await lastExecutionId(ledger);
  const matching = (await matchingExecutions(ledger, filter))
    // Not by their ids: rows found by id would have to be sorted.
    .where(unindexed("id"), ">", afterId)
    .where(unindexed("id"), "<=", lastId);
  if (order === "newest" || order === "oldest") {
    const direction = order === "newest" ? "desc" : "asc";
    const sorted = matching.orderBy("created_at", direction).orderBy("id", direction);
    const behind = (last: ExecutionPlace) =>
      sorted.where(isBeyond({ createdAt: `${last.key}`, id: last.id }, direction));
    yield* pagesOf(ledger, limit, { first: place, placeOf: (row) => keyedPlace(order, row) }, (last, size) =>
      (last === undefined ? sorted : behind(last)).limit(size),
    );
    return;
  }
  const { expression } = AMOUNTS[order];
  const sorted = matching.orderBy(expression, "desc").orderBy("id", "desc");
  const behind = ({ key, id }: ExecutionPlace) =>
    sorted.where(sql<SqlBool>`(${expression}, id) < (${key}, ${id})`);
  yield* pagesOf(ledger, limit, { first: place, placeOf: (row) => keyedPlace(order, row) }, (last, size) =>
    (last === undefined ? sorted : behind(last)).limit(size),
  );
}

/** An execution's position in an order: by the time or the amount, then by its `id`. */
interface ExecutionPlace {
  readonly key: string | number;
  readonly id: number;
}

/** An execution's position in an order, as text. Pass it as `after` to read the executions behind it. */
export function placeOf(order: ExecutionOrder, row: ExecutionRow): string {
  const { key, id } = keyedPlace(order, row);
  return `${key}~${id}`;
}

function keyedPlace(order: ExecutionOrder, row: ExecutionRow): ExecutionPlace {
  const key = order === "newest" || order === "oldest" ? row.created_at : AMOUNTS[order].of(row);
  return { key, id: row.id };
}

function placeFrom(order: ExecutionOrder, text: string): ExecutionPlace {
  const [, key = "", id] = PLACE_TEXT.exec(text) ?? [];
  return { key: order === "newest" || order === "oldest" ? key : Number(key), id: Number(id) };
}

const AMOUNTS: Readonly<
  Record<AmountOrder, { readonly expression: RawBuilder<number>; readonly of: (row: ExecutionRow) => number }>
> = {
  cost: { expression: sql`cost_usd`, of: ({ cost_usd }) => cost_usd },
  duration: { expression: sql`duration_ms`, of: ({ duration_ms }) => duration_ms },
  tokens: {
    expression: sql`input_tokens + output_tokens + cache_read_tokens + cache_creation_tokens`,
    of: (row) => row.input_tokens + row.output_tokens + row.cache_read_tokens + row.cache_creation_tokens,
  },
};

/**
 * The matching executions with an `id` higher than `afterId`, in the order in which they were committed, page by page.
 * To follow a ledger, begin with {@link lastExecutionId}, and ask again with the last `id` received.
 *
 * @throws {RunledgerError} `INVALID_ARGUMENT`, `STORE_FAILED`
 */
export async function* newExecutionsOf(
  ledger: Ledger,
  filter: ExecutionFilter,
  options: { readonly afterId: number },
): AsyncGenerator<readonly ExecutionRow[]> {
  const { afterId } = check(newSchema, options, "options");
  const matching = (await matchingExecutions(ledger, filter)).orderBy("id");
  yield* pagesOf(
    ledger,
    Number.POSITIVE_INFINITY,
    { first: afterId, placeOf: ({ id }) => id },
    (last, size) => matching.where("id", ">", last ?? afterId).limit(size),
  );
}

/**
 * The highest `id` in the ledger, 0 if it is empty: where to begin following.
 *
 * @throws {RunledgerError} `STORE_FAILED`
 */
export async function lastExecutionId(ledger: Ledger): Promise<number> {
  const last = ledger.db.selectFrom("executions").select("id").orderBy("id", "desc").limit(1);
  return (await reading(ledger, () => last.executeTakeFirst()))?.id ?? 0;
}

async function matchingExecutions(ledger: Ledger, filter: ExecutionFilter) {
  const resolved = resolveFilter(filter);
  checkLedger(ledger, resolved);
  const { ofExecutions } = await reading(ledger, () => nameConditions(ledger.db, resolved));
  return ledger.db
    .selectFrom("executions")
    .select(["id", ...EXECUTION_COLUMNS])
    .where(completedIn(spanOf(resolved)))
    .where(ofExecutions);
}

/** Where pages begin, and where the page after a row begins. */
interface Paging<Place> {
  readonly first: Place | undefined;
  readonly placeOf: (row: ExecutionRow) => Place;
}

async function* pagesOf<Place>(
  ledger: Ledger,
  limit: number,
  { first, placeOf }: Paging<Place>,
  read: (last: Place | undefined, size: number) => Compilable<ExecutionRow>,
): AsyncGenerator<readonly ExecutionRow[]> {
  let last = first;
  for (let left = limit; left > 0; ) {
    const size = Math.min(left, PAGE_ROWS);
    const query = read(last, size);
    const page = await atOneMoment(ledger, async (db) =>
      withModels(db, ledger.engine, (await db.executeQuery(query)).rows),
    );
    if (page.length > 0) yield page.map(asAdopted);
    if (page.length < size) return;
    const lastRow = page.at(-1);
    if (lastRow !== undefined) last = placeOf(lastRow);
    left -= size;
  }
}

/** A row of an older program, as it will be after adoption but without an id. */
function asAdopted(row: ExecutionRow): ExecutionRow {
  if (row.execution_id !== null) return row;
  const tokens = row.input_tokens + row.output_tokens + row.cache_read_tokens + row.cache_creation_tokens;
  return {
    ...row,
    usage_source: tokens > 0 ? "reported" : "unknown",
    cost_source: row.cost_usd > 0 ? "reported" : "unknown",
  };
}
