import { forgetCommand, holdsBack, selectHeldBack } from "../ledger/held-back";
import { formatHeldBack, formatSince } from "../report/format/held-back";
import { formatCountOf } from "../report/format/values";
import type { Check } from "./finding";

export const forwarding: Check = {
  name: "forwarding",
  async run({ ledger: { db, hasRollups }, dbPath, dbWord }) {
    const targets = hasRollups ? await db.selectFrom("forward_targets").selectAll().execute() : [];
    if (targets.length === 0) return { level: "ok", message: "there is no target" };
    const never = targets.filter(({ reached_at }) => reached_at === null).map(({ target }) => target);
    const late = (await db.executeQuery(selectHeldBack())).rows.filter(holdsBack);
    if (late.length + never.length === 0)
      return { level: "ok", message: `${formatCountOf(targets.length, "target")}, none behind` };
    const behind = late.map(
      (held) => `${held.target} by ${formatHeldBack(held)}, with nothing new since ${formatSince(held)}`,
    );
    const commands = (names: readonly string[]) =>
      names.map((name) => forgetCommand(name, dbPath)).join("; ");
    const [messages, remedies]: [string[], string[]] = [[], []];
    if (late.length > 0) {
      messages.push(`behind: ${behind.join("; ")}; until then no purge deletes them`);
      remedies.push(
        `They go by themselves while an application forwards, or by runledger forward --from ${dbWord}. A target that is gone for good: ${commands(late.map(({ target }) => target))}`,
      );
    }
    if (never.length > 0) {
      messages.push(`never reached, so that nothing is kept for it: ${never.join(", ")}`);
      remedies.push(`A target that was mistyped: ${commands(never)}`);
    }
    return { level: "note", message: messages.join("; "), remedy: remedies.join(". ") };
  },
};
