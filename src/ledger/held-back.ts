import type { CompiledQuery } from "kysely";
import { shellWord } from "../shell-words";
import type { Connection } from "./connection";
import { builder } from "./kysely";
import { isText } from "./statements";

/** What a target of forwarding hasn't got, so that no purge deletes it. */
export interface HeldBack {
  readonly target: string;
  /** Since when it has got nothing, as ledgers store times. */
  readonly since: string;
  readonly executions: number;
  readonly incidents: number;
}

/**
 * What each target that was ever reached holds back, nothing where it has everything.
 *
 * @param cutoff Only what is from before it. Default: all.
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

/** Whether a target has not got everything. */
export function holdsBack({ executions, incidents }: HeldBack): boolean {
  return executions + incidents > 0;
}

/** What a purge has to say of what it left although it is old enough: a sentence a target. */
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

/** The command after which a ledger keeps nothing for a target any more. */
export function forgetCommand(target: string, dbPath: string): string {
  return `runledger forward --forget ${shellWord(target)} --from ${shellWord(dbPath)}`;
}
