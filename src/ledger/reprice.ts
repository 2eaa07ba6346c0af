import type { CompiledQuery } from "kysely";
import type { PriceList } from "../prices/price-list";
import { addTotals, removeTotals } from "./add-totals";
import { adoptRows } from "./adoption";
import type { Connection } from "./connection";
import { estimate } from "./estimate";
import { builder, onUse } from "./kysely";
import type { ExecutionRow } from "./schema";
import { keepPriceList, selectAnyModel, selectModels } from "./statements";
import { UsageTotals } from "./usage-totals";

/** Executions per transaction. In between, other processes can take the write lock. */
const SLICE_ROWS = 1_000;

/** Which executions to reprice. */
export interface RepriceOptions {
  readonly prices: PriceList;
  /** Only executions that completed at this stored time or later. Default: all. */
  readonly since?: string | undefined;
  /** Whether executions with an estimated cost are repriced too. */
  readonly includesEstimated: boolean;
  /** Whether to change nothing, and only say what would change. */
  readonly isDry: boolean;
}

/** What became of one execution. */
export interface Repriced {
  readonly outcome: /** Its cost changed, though perhaps not for all its models. */
    | "priced"
    | "unchanged"
    /** Its cost is still unknown. */
    | "unknown"
    /** It was left unchanged, because a target already has it and takes it only once. */
    | "forwarded";
  readonly before: ExecutionRow;
  readonly after: ExecutionRow;
}

/**
 * Estimates unreported costs at the prices of the day on which each execution completed, and corrects the sums of those
 * days, in one transaction per slice. Yields the outcomes of each slice.
 */
export function* repriceSlices(connection: Connection, options: RepriceOptions): Generator<Repriced[], void> {
  const reprice = options.isDry
    ? (after: number) => connection.snapshot(() => priceSlice(connection, options, after))
    : (after: number) => connection.transaction(() => repriceSlice(connection, options, after));
  let slice: Repriced[] = [];
  do {
    slice = reprice(slice.at(-1)?.before.id ?? 0);
    if (slice.length > 0) yield slice;
  } while (slice.length === SLICE_ROWS);
}

function repriceSlice(connection: Connection, options: RepriceOptions, after: number): Repriced[] {
  // Rows of an older program must be in the sums before these are corrected.
  adoptRows(connection);
  const slice = priceSlice(connection, options, after);
  const [added, removed] = [new UsageTotals(), new UsageTotals()];
  for (const { before, after } of slice) {
    if (before === after) continue;
    added.add(after);
    removed.add(before);
    updateCosts(connection, after);
  }
  addTotals(connection, added);
  removeTotals(connection, removed);
  if (slice.some(({ outcome }) => outcome === "priced")) connection.run(keepPriceList(options.prices.name));
  return slice;
}

function priceSlice(connection: Connection, options: RepriceOptions, after: number): Repriced[] {
  const { prices, includesEstimated } = options;
  const [{ last, sending } = { last: 0, sending: 0 }] = connection.all(selectForwarded());
  const forwardedUpTo = Math.max(last ?? 0, sending ?? 0);
  const rows = connection.all(selectUnpriced(options, after));
  const hasModels = rows.length > 0 && connection.all(selectAnyModel()).length > 0;
  return rows.map((row) => {
    const models = hasModels ? connection.all(selectModels(row.execution_id)) : [];
    const before: ExecutionRow = models.length > 0 ? { ...row, models } : row;
    if (row.id <= forwardedUpTo) return { outcome: "forwarded", before, after: before };
    const priced = estimate(before, prices, { isAnew: includesEstimated });
    if (!hasSameCosts(before, priced)) return { outcome: "priced", before, after: priced };
    const outcome = before.cost_source === "unknown" ? "unknown" : "unchanged";
    return { outcome, before, after: before };
  });
}

function hasSameCosts(one: ExecutionRow, other: ExecutionRow): boolean {
  return (
    one.cost_usd === other.cost_usd &&
    one.cost_source === other.cost_source &&
    (one.models ?? []).every(({ cost_usd }, index) => cost_usd === other.models?.[index]?.cost_usd)
  );
}

/** The last execution that any target has, or may have because it is being sent. */
const selectForwarded = onUse(() =>
  builder
    .selectFrom("forward_targets")
    .select(({ fn }) => [
      fn.max<number | null>("last_id").as("last"),
      fn.max<number | null>("sending_id").as("sending"),
    ])
    .compile(),
);

function selectUnpriced(
  { since, includesEstimated }: RepriceOptions,
  after: number,
): CompiledQuery<ExecutionRow> {
  return builder
    .selectFrom("executions")
    .selectAll()
    .where("id", ">", after)
    .where("cost_source", "in", ["unknown", includesEstimated ? "estimated" : "unknown"])
    .where("created_at", ">=", since ?? "")
    .orderBy("id")
    .limit(SLICE_ROWS)
    .compile();
}

function updateCosts(
  connection: Connection,
  { id, execution_id, cost_usd, cost_source, models }: ExecutionRow,
): void {
  connection.run(
    builder.updateTable("executions").set({ cost_usd, cost_source }).where("id", "=", id).compile(),
  );
  for (const { provider, model, cost_usd, cost_source } of models ?? []) {
    const update = builder.updateTable("execution_models").set({ cost_usd, cost_source });
    const ofModel = update.where("provider", "=", provider).where("model", "=", model);
    connection.run(ofModel.where("execution_id", "=", execution_id ?? "").compile());
  }
}
