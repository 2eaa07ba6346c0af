import type { CompiledQuery } from "kysely";
import { SELECT_LEDGER_ID } from "../ledger/statements";
import { openPostgres } from "../postgres/connection";
import { toPostgresFailure } from "../postgres/errors";
import { compareSchema } from "../postgres/migrations";
import { storable } from "../postgres/storable";
import type { Ledger } from "../report/database/ledger";
import { openLedger } from "../report/database/open-ledger";
import { ForwardTarget, type TargetState } from "./forward-target";
import { type ForwardOptions, type ParsedForwardOptions, parseForwardOptions } from "./options";
import { type ResumePoint, resumePoint } from "./resume";
import {
  countExecutions,
  SELECT_NEWEST,
  selectExecution,
  selectWatermark,
  type TargetName,
} from "./source-statements";

const DISCONNECT_WITHIN_MS = 1_000;

/** What forwarding would do. */
export interface ForwardPlan {
  /** How many executions would be sent. */
  readonly executions: number;
  /** Whether the target's tables exist. */
  readonly hasTables: boolean;
}

/**
 * Reports what forwarding would do. Writes neither to the ledger nor to the target.
 *
 * @throws {RunledgerError} as forwarding does.
 */
export async function planForwarding(options: ForwardOptions): Promise<ForwardPlan> {
  const parsed = parseForwardOptions(options);
  await using ledger = await openLedger(parsed.from);
  const [identity] = ledger.hasRollups ? await all(ledger, SELECT_LEDGER_ID) : [];
  const { state, targetIdentity, hasTables } = await stateOf(parsed, identity?.value ?? "");
  const [newest] = await all(ledger, SELECT_NEWEST);
  const { from } = await resumeIn(
    ledger,
    { target: parsed.to.name, identity: targetIdentity },
    state,
    newest?.id ?? 0,
  );
  const [count] = await all(ledger, countExecutions(from, newest?.id ?? 0));
  return { executions: count?.there ?? 0, hasTables };
}

async function stateOf(
  { to, ssl }: ParsedForwardOptions,
  ledgerId: string,
): Promise<{ state: TargetState | undefined; targetIdentity: string | undefined; hasTables: boolean }> {
  const postgres = await openPostgres(to, { ssl });
  try {
    const { exists } = await compareSchema(postgres.db, to.schema);
    const target = exists ? new ForwardTarget(postgres.db, to.schema, ledgerId) : undefined;
    return {
      state: await target?.state(),
      targetIdentity: await target?.identity(),
      hasTables: exists,
    };
  } catch (error) {
    throw toPostgresFailure("FORWARD_FAILED", "forward to", to, error);
  } finally {
    await postgres.close(DISCONNECT_WITHIN_MS);
  }
}

async function resumeIn(
  ledger: Ledger,
  target: TargetName,
  state: TargetState | undefined,
  newestId: number,
): Promise<ResumePoint> {
  const [noted] = ledger.hasRollups ? await all(ledger, selectWatermark(target)) : [];
  const [there] = state === undefined ? [] : await all(ledger, selectExecution(state.lastId));
  return resumePoint({
    noted: noted?.last_id ?? 0,
    notedIncident: noted?.last_incident_id ?? 0,
    target: state,
    executionIdThere: storable(there?.execution_id),
    newestId,
  });
}

async function all<Row>({ db }: Ledger, query: CompiledQuery<Row>): Promise<Row[]> {
  return (await db.executeQuery(query)).rows;
}
