import { DAY_MS, toLedgerTime } from "../record/time";
import { formatCount, formatCountOf } from "../report/format/values";
import { INCIDENT_KINDS } from "../report/incidents";
import type { Check } from "./finding";
import { daysWithWrongSums } from "./sums";

/** How far back incidents are checked. */
const RECENT_DAYS = 7;
const SHOWN_DAYS = 5;

export const sums: Check = {
  name: "sums per day",
  isLong: true,
  async run({ ledger, dbWord }) {
    if (!ledger.hasRollups) return { level: "ok", message: "there are none in the earlier design" };
    const { checked, wrong } = await daysWithWrongSums(ledger);
    if (wrong.length === 0) return { level: "ok", message: `right, in ${formatCountOf(checked, "day")}` };
    const shown = wrong.slice(0, SHOWN_DAYS).join(", ") + (wrong.length > SHOWN_DAYS ? ", …" : "");
    return {
      level: "problem",
      message: `not what the rows add up to, in ${formatCountOf(wrong.length, "day")} of ${formatCount(checked)}: ${shown}`,
      remedy: `Something else than Runledger changed rows. If the rows are right, a new ledger has right sums, but of purged days none: runledger export --db ${dbWord} | runledger import - --db new.db`,
    };
  },
};

export const unadopted: Check = {
  name: "rows of older programs",
  async run({ ledger, dbWord }) {
    if (!ledger.hasRollups) return { level: "ok", message: "all are, and are read as they are" };
    const { count } = await ledger.db
      .selectFrom("executions")
      .select(({ fn }) => fn.countAll<number>().as("count"))
      .where("execution_id", "is", null)
      .executeTakeFirstOrThrow();
    if (count === 0) return { level: "ok", message: "none waits to be summed" };
    return {
      level: "note",
      message: `${formatCountOf(count, "row")} of an older program not in the sums per day yet`,
      remedy: `The next application that opens the ledger adopts them; so does runledger checkpoint --db ${dbWord}`,
    };
  },
};

export const incidents: Check = {
  name: "incidents",
  async run({ ledger, dbWord }) {
    const rows = await ledger.db
      .selectFrom("incidents")
      .select(({ fn }) => ["kind", fn.sum<number>("count").as("count")])
      .where("at", ">=", toLedgerTime(Date.now() - RECENT_DAYS * DAY_MS))
      .groupBy("kind")
      .execute();
    if (rows.length === 0) return { level: "ok", message: `none in the last ${RECENT_DAYS} days` };
    const counts = INCIDENT_KINDS.flatMap((kind) =>
      rows.filter((row) => row.kind === kind).map(({ count }) => `${formatCount(count)} ${kind}`),
    );
    const isLoss = rows.some(({ kind }) => kind === "rejected" || kind === "dropped");
    return {
      level: isLoss ? "problem" : "note",
      message: `in the last ${RECENT_DAYS} days: ${counts.join(", ")}`,
      remedy: `runledger incidents --db ${dbWord} says why; what was rejected can be tried again with --retry.`,
    };
  },
};
