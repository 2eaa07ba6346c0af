import { type Kysely, sql } from "kysely";
import * as z from "zod/mini";
import { RunledgerError } from "../errors";
import { EXECUTION_COLUMNS, type ExecutionRow, type LedgerSchema } from "../ledger/schema";
import { check } from "./check";
import { HAS_FAILED } from "./conditions";
import type { Ledger } from "./database/ledger";
import { atOneMoment } from "./database/snapshot";
import { withModels } from "./models";

/** The other executions of the same session, or of the same pull request. */
export interface RelatedExecutions {
  /** How many there are. */
  readonly executions: number;
  readonly failures: number;
  /** What they cost in all, as far as that is known. */
  readonly costUsd: number;
  /** The latest {@link LATEST} of them, newest first. */
  readonly latest: readonly ExecutionRow[];
}

/** Everything that a ledger knows about one execution. */
export interface ExecutionReport {
  readonly execution: ExecutionRow;
  /** `null` if the record named no session. */
  readonly session: RelatedExecutions | null;
  /** Those with the same repository and number; `null` if the record had no number. */
  readonly pullRequest: RelatedExecutions | null;
}

/** How many related executions are listed. */
const LATEST = 10;
const MOST_NAMED = 3;
/** No text that begins with a prefix is greater than the prefix followed by this. */
const LAST_CHARACTER = "\u{10ffff}";
const ID = "the id of an execution, or how it begins";
const idSchema = z.object({ id: z.string(ID).check(z.minLength(1, ID)) });

/**
 * One execution, by its `executionId` or the beginning of it, with the other executions of its session and of its pull
 * request.
 *
 * @throws {RunledgerError} `INVALID_ARGUMENT` when there is none, or more than one; `STORE_FAILED`
 */
export async function executionReport(ledger: Ledger, id: string): Promise<ExecutionReport> {
  check(idSchema, { id }, "execution");
  return atOneMoment(ledger, async (db) => {
    const found = await findExecution(db, id);
    const [execution = found] = await withModels(db, ledger.engine, [found]);
    const { session_id, repo, pr_number } = execution;
    return {
      execution,
      session: session_id === null ? null : await related(db, ledger.engine, execution, { session_id }),
      pullRequest:
        pr_number === null ? null : await related(db, ledger.engine, execution, { repo, pr_number }),
    };
  });
}

async function findExecution(db: Kysely<LedgerSchema>, id: string): Promise<ExecutionRow> {
  const executions = db.selectFrom("executions").select(["id", ...EXECUTION_COLUMNS]);
  const exact = await executions.where("execution_id", "=", id).executeTakeFirst();
  if (exact !== undefined) return exact;
  const matching = await executions
    .where("execution_id", ">=", id)
    .where("execution_id", "<=", id + LAST_CHARACTER)
    .orderBy("execution_id")
    .limit(MOST_NAMED + 1)
    .execute();
  const [only, ...others] = matching;
  if (only === undefined) {
    throw new RunledgerError("INVALID_ARGUMENT", `There is no execution whose id is or begins with ${id}.`, {
      hint: "runledger executions --json has the ids; executions that were purged are gone.",
    });
  }
  if (others.length > 0) {
    const names = matching.slice(0, MOST_NAMED).map(({ execution_id }) => execution_id);
    const more = matching.length > MOST_NAMED ? ", …" : "";
    throw new RunledgerError(
      "INVALID_ARGUMENT",
      `More than one execution begins with ${id}: ${names.join(", ")}${more}.`,
      { hint: "Give more of it." },
    );
  }
  return only;
}

async function related(
  db: Kysely<LedgerSchema>,
  engine: Ledger["engine"],
  { id }: ExecutionRow,
  shared: Partial<Pick<ExecutionRow, "session_id" | "repo" | "pr_number">>,
): Promise<RelatedExecutions> {
  const others = Object.entries(shared).reduce(
    (query, [column, value]) => query.where(column as "repo", "=", value as string),
    db.selectFrom("executions").where("id", "!=", id),
  );
  const sums = await others
    .select(({ fn }) => [
      fn.countAll<number>().as("executions"),
      fn.countAll<number>().filterWhere(HAS_FAILED).as("failures"),
      fn.coalesce(fn.sum<number>("cost_usd"), sql.lit(0)).as("costUsd"),
    ])
    .executeTakeFirstOrThrow();
  const latest = await others
    .select(["id", ...EXECUTION_COLUMNS])
    .orderBy("created_at", "desc")
    .orderBy("id", "desc")
    .limit(LATEST)
    .execute();
  return { ...sums, latest: await withModels(db, engine, latest) };
}
