import { statSync } from "node:fs";
import { budgetStandings, type Standing } from "../budget/budget-standings";
import { parseBudgets } from "../budget/options";
import type { BudgetOptions } from "../budget/types";
import { selectHeldBack } from "../ledger/held-back";
import { isPostgresUrl } from "../postgres/url";
import { answer } from "../report/answer";
import type { Ledger } from "../report/database/ledger";
import { reading } from "../report/database/snapshot";
import type { GroupKey, UsageGroup } from "../report/types";

/** What the metrics are about. */
export interface MetricsOptions {
  readonly db: string;
  /** Also by repository, of which there may be many. */
  readonly byRepo: boolean;
  /** Default none. */
  readonly budgets?: BudgetOptions | undefined;
}

/** How many values of a budget have metrics: those that spent the most. */
const MOST_VALUES = 100;

type Labels = Readonly<Record<string, string>>;

interface Sample {
  /** A suffix of the metric's name. */
  readonly suffix?: "_sum" | "_count";
  readonly labels: Labels;
  readonly value: number;
}

interface Metric {
  readonly name: string;
  readonly type: "counter" | "gauge" | "summary";
  readonly help: string;
  readonly samples: readonly Sample[];
}

const TOKEN_CLASSES = {
  input: "inputTokens",
  output: "outputTokens",
  cache_read: "cacheReadTokens",
  cache_creation: "cacheCreationTokens",
} as const satisfies Record<string, keyof UsageGroup>;

/**
 * The ledger in Prometheus's text format. Counters are sums over everything ever recorded: they survive restarts and
 * purges, and never decrease.
 */
export async function metricsText(ledger: Ledger, { db, byRepo, budgets }: MetricsOptions): Promise<string> {
  const by: readonly GroupKey[] = ["provider", "model", "conclusion", ...(byRepo ? (["repo"] as const) : [])];
  const { groups } = await answer(ledger, {}, { groupings: [by], exact: false });
  const [usage = []] = groups;
  const labelsOf = (group: UsageGroup): Labels =>
    Object.fromEntries(by.map((key) => [key, group[key] ?? ""]));
  const each = (read: (group: UsageGroup) => number): readonly Sample[] =>
    usage.map((group) => ({ labels: labelsOf(group), value: read(group) }));
  const metrics: readonly Metric[] = [
    {
      name: "runledger_executions_total",
      type: "counter",
      help: "Executions recorded, each under its main model.",
      samples: each(({ executions }) => executions),
    },
    {
      name: "runledger_cost_usd_total",
      type: "counter",
      help: "Cost in US dollars as far as it is known, under the model that caused it.",
      samples: each(({ costUsd }) => costUsd),
    },
    {
      name: "runledger_tokens_total",
      type: "counter",
      help: "Tokens; the four classes are disjoint.",
      samples: usage.flatMap((group) =>
        Object.entries(TOKEN_CLASSES).map(([name, field]) => ({
          labels: { ...labelsOf(group), class: name },
          value: group[field],
        })),
      ),
    },
    {
      name: "runledger_duration_seconds",
      type: "summary",
      help: "Wall time of the executions of which it is known.",
      samples: usage.flatMap((group) => {
        const { executions, withoutDuration, durationMs } = group;
        const labels = labelsOf(group);
        return [
          { suffix: "_sum" as const, labels, value: durationMs / 1_000 },
          { suffix: "_count" as const, labels, value: executions - withoutDuration },
        ];
      }),
    },
    ...(budgets === undefined ? [] : await stateOfBudgets(ledger, budgets)),
    ...(await stateOf(ledger, db)),
  ];
  return metrics.map(format).join("");
}

/** Where budgets stand in their current periods. */
async function stateOfBudgets(ledger: Ledger, options: BudgetOptions): Promise<readonly Metric[]> {
  const parsed = parseBudgets(options, "budgets");
  const standings = await budgetStandings(ledger, parsed, Date.now(), MOST_VALUES);
  const samples = (read: (standing: Standing) => number): readonly Sample[] =>
    standings.map((standing) => ({
      labels: { budget: standing.entry.budget, value: standing.value },
      value: read(standing),
    }));
  return [
    {
      name: "runledger_budget_limit_usd",
      type: "gauge",
      help: "The limit of a budget.",
      samples: samples(({ entry }) => entry.limitUsd),
    },
    {
      name: "runledger_budget_spent_usd",
      type: "gauge",
      help: "What is spent of a budget in its current period.",
      samples: samples(({ entry }) => entry.spentUsd),
    },
  ];
}

/** Gauges of the ledger's present state. */
async function stateOf(ledger: Ledger, db: string): Promise<readonly Metric[]> {
  const incidents = await reading(ledger, () =>
    ledger.db
      .selectFrom("incidents")
      .select(({ fn }) => ["kind", fn.sum<number>("count").as("count")])
      .groupBy("kind")
      .orderBy("kind")
      .execute(),
  );
  return [
    {
      name: "runledger_incidents",
      type: "gauge",
      help: "Events in the incidents that the ledger keeps.",
      samples: incidents.map(({ kind, count }) => ({ labels: { kind }, value: Number(count) })),
    },
    ...(isPostgresUrl(db) ? [] : await stateOfFile(ledger, db)),
  ];
}

async function stateOfFile(ledger: Ledger, db: string): Promise<readonly Metric[]> {
  const behind = ledger.hasRollups
    ? await reading(ledger, async () => (await ledger.db.executeQuery(selectHeldBack())).rows)
    : [];
  return [
    {
      name: "runledger_wal_bytes",
      type: "gauge",
      help: "Size of the write-ahead log.",
      samples: [{ labels: {}, value: statSync(`${db}-wal`, { throwIfNoEntry: false })?.size ?? 0 }],
    },
    {
      name: "runledger_forward_behind_executions",
      type: "gauge",
      help: "Executions that a forwarding target has not got yet.",
      samples: behind.map(({ target, executions }) => ({ labels: { target }, value: executions })),
    },
  ];
}

function format({ name, type, help, samples }: Metric): string {
  const lines = samples.map(
    ({ suffix = "", labels, value }) => `${name}${suffix}${formatLabels(labels)} ${value}\n`,
  );
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join("")}`;
}

function formatLabels(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

function escaped(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"');
}
