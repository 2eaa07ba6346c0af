import type { CompiledQuery } from "kysely";
import { shellWord } from "../shell-words";
import type { Connection } from "./connection";
import { builder } from "./kysely";
import { isText } from "./statements";

/** Rows that a forwarding target has not received yet, which no purge may delete. */
export interface HeldBack {
  readonly target: string;
  /** When the target last received anything, as ledgers store times. */
  readonly since: string;
  readonly executions: number;
  readonly incidents: number;
}

/**
 * What each target that was ever reached holds back; targets that have everything are left out.
 *
 * @param cutoff Count only rows older than it. Default: all.
 */
export function selectHeldBack(cutoff?: string): CompiledQuery<HeldBack> {
  return builder
    .selectFrom("forward_targets")
    .where("reached_at", "is not", null)
    .select(["target", "reached_at as since"])
    .select((targets) => [
      targets
        .selectFrom("executions")
        .select(({ fn }) => fn.countAll<number>().as("count"))
        .whereRef("id", ">", "forward_targets.last_id")
        .$if(cutoff !== undefined, (query) => query.where("created_at", "<", cutoff ?? "").where(isText))
        .as("executions"),
      targets
        .selectFrom("incidents")
        .select(({ fn }) => fn.countAll<number>().as("count"))
        .whereRef("id", ">", "forward_targets.last_incident_id")
        .$if(cutoff !== undefined, (query) => query.where("at", "<", cutoff ?? ""))
        .as("incidents"),
    ])
    .orderBy("target")
    .$castTo<HeldBack>()
    .compile();
}

/** Whether a target lacks rows. */
export function holdsBack({ executions, incidents }: HeldBack): boolean {
  return executions + incidents > 0;
}

/** Explains which rows a purge kept although they were old enough: one sentence per target. */
export function heldBackAfterPurge(connection: Connection, cutoff: string, dbPath: string): string[] {
  return connection
    .all(selectHeldBack(cutoff))
    .filter(holdsBack)
    .map(
      (held) =>
        `a purge kept ${held.executions} executions and ${held.incidents} incidents for ${held.target}, ` +
        `which has got nothing since ${held.since} UTC; if it is gone for good: ${forgetCommand(held.target, dbPath)}`,
    );
}

/** The command that makes a ledger stop keeping rows for a target. */
export function forgetCommand(target: string, dbPath: string): string {
  return `runledger forward --forget ${shellWord(target)} --from ${shellWord(dbPath)}`;
}
