import { formatCountOf } from "../../report/format/values";
import type { Check } from "./finding";

export const forwarding: Check = {
  name: "forwarding",
  async run({ ledger: { db, hasRollups }, dbWord }) {
    const targets = hasRollups ? await db.selectFrom("forward_targets").selectAll().execute() : [];
    if (targets.length === 0) return { level: "ok", message: "there is no target" };
    const newest = await db
      .selectFrom("executions")
      .select(({ fn }) => fn.max<number | null>("id").as("id"))
      .executeTakeFirst();
    const late = targets
      .map(({ target, last_id }) => ({ target, behind: Math.max(0, (newest?.id ?? 0) - last_id) }))
      .filter(({ behind }) => behind > 0);
    if (late.length === 0)
      return { level: "ok", message: `${formatCountOf(targets.length, "target")}, none behind` };
    const list = late.map(({ target, behind }) => `${target} by ${formatCountOf(behind, "execution")}`);
    return {
      level: "note",
      message: `behind: ${list.join(", ")}; until then no purge deletes them`,
      remedy: `They go by themselves while an application forwards, or by runledger forward --from ${dbWord}. A target that is gone for good: runledger forward --from ${dbWord} --forget`,
    };
  },
};
