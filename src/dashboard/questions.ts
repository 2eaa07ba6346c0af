import { budgetReport } from "../budget/budget-report";
import type { BudgetOptions } from "../budget/types";
import { examine } from "../doctor/examine";
import { examinePostgres } from "../doctor/examine-postgres";
import type { Finding } from "../doctor/finding";
import { healthReport } from "../doctor/report";
import { RunledgerError } from "../errors";
import { isPostgresUrl, parsePostgresUrl } from "../postgres/url";
import { changesReport } from "../report/changes-report";
import { costliest } from "../report/costliest";
import { printedExecution, printedExecutionReport } from "../report/execution-record";
import { AMOUNT_ORDERS, executionsOf, placeOf } from "../report/executions";
import { resolveFilter } from "../report/filter";
import { forecast } from "../report/forecast";
import { csvLines, jsonLines } from "../report/format/execution-lines";
import { SORT_KEYS } from "../report/format/groups";
import { formatJsonLine, toReportJson, toSummaryJson } from "../report/format/json";
import { groupKeysIn } from "../report/group-keys";
import { INCIDENT_KINDS, incidentsOf, printedIncident } from "../report/incidents";
import { executionReport } from "../report/one-execution";
import { summaryReport } from "../report/summary-report";
import { UTC } from "../report/time-zone";
import { type ExecutionFilter, GROUP_KEYS } from "../report/types";
import { usageReport } from "../report/usage-report";
import type { LedgerAccess } from "./ledger-access";
import { metricsText } from "./metrics";
import { checkSpan, Query } from "./query";

/** A question for a reader: a path of the API, and its parameters as they are in the URL. */
export interface Question {
  readonly path: string;
  readonly search: string;
}

/** A reader's answer. */
export interface Answer {
  readonly contentType: string;
  readonly text: string;
  /** The file's name, if the answer is to be downloaded as one. */
  readonly fileName?: string;
}

/** The most groups that are sent: no page shows more, and browsers struggle with them. */
const MOST_GROUPS = 10_000;
const DEFAULT_ROWS = 50;
const MOST_ROWS = 1_000;
/** The most rows in a file, which may have more than a page. */
const MOST_FILE_ROWS = 10_000;

/** Answers questions about one ledger. */
export interface Answerer {
  readonly access: LedgerAccess;
  /** A path, or a `postgres://` URL. */
  readonly db: string;
  /** The budgets to show. Default none. */
  readonly budgets?: BudgetOptions | undefined;
}

const EXECUTION = "/api/executions/";

type Route = (search: string, answerer: Answerer) => Promise<Answer>;

const ROUTES: Readonly<Record<string, Route>> = {
  "/api/report": answerReport,
  "/api/changes": answerChanges,
  "/api/costliest": answerCostliest,
  "/api/executions": answerExecutions,
  "/api/incidents": answerIncidents,
  "/api/budgets": answerBudgets,
  "/api/health": answerHealth,
  "/metrics": answerMetrics,
};

/** Whether there is an answer at a path. */
export function isQuestion(path: string): boolean {
  return Object.hasOwn(ROUTES, path) || path.startsWith(EXECUTION);
}

/** Filters that the sums can't answer, or not in every combination. */
const READ_FROM_EXECUTIONS = ["label", "pr", "session"];

/** Whether a question may have to read all executions instead of the sums: others need not wait for it. */
export function isSlow({ path, search }: Question): boolean {
  const parameters = new URLSearchParams(search);
  const by = parameters.get("by") ?? "";
  return (
    path === "/api/health" ||
    path === "/api/budgets" ||
    parameters.has("exact") ||
    READ_FROM_EXECUTIONS.some((name) => parameters.has(name)) ||
    (path === "/api/executions" && parameters.has("sort")) ||
    /\b(?:pr|session)\b/i.test(by) ||
    (path !== "/api/executions" && (isCut(parameters) || isByOtherDays(path, parameters)))
  );
}

/** There are no sums for part of a day. */
function isCut(parameters: URLSearchParams): boolean {
  const times = [...parameters.getAll("since"), ...parameters.getAll("until")];
  return times.some((time) => time.includes("T") && !/T00:00(?::00(?:\.0+)?)?Z$/.test(time));
}

/** Sums exist only for UTC days. Without groups by time, only the two ends are not whole days. */
function isByOtherDays(path: string, parameters: URLSearchParams): boolean {
  if ((parameters.get("tz") || UTC) === UTC || path === "/api/changes") return false;
  const by = parameters.get("by") ?? "day";
  return parameters.has("forecast") || /\b(?:day|week|month)\b/i.test(by);
}

/** @throws {RunledgerError} whatever is wrong with the question, or with the ledger. */
export async function answerQuestion({ path, search }: Question, answerer: Answerer): Promise<Answer> {
  const route = Object.hasOwn(ROUTES, path) ? ROUTES[path] : undefined;
  return route === undefined ? answerExecution(path, search, answerer) : route(search, answerer);
}

async function answerReport(search: string, { access }: Answerer): Promise<Answer> {
  const query = new Query(search, ["by", "sort", "limit", "exact", "forecast"]);
  const filter = filterOf(query);
  const by = query.text("by");
  const keys = by === undefined ? undefined : (groupKeysIn(by) ?? refuseKeys(by));
  const options = { sort: query.oneOf("sort", SORT_KEYS), limit: query.count("limit", MOST_GROUPS) };
  const asked = { ...filter, exact: query.flag("exact") };
  const { since, until, ...names } = filter;
  return access.use(async (ledger) => {
    const expected = query.flag("forecast") ? { forecast: await forecast(ledger, names) } : {};
    if (keys === undefined)
      return json({ ...toSummaryJson(await summaryReport(ledger, asked), options), ...expected });
    const report = toReportJson(await usageReport(ledger, { ...asked, by: keys }), options);
    if (report.groups.length > MOST_GROUPS) refuseGroups(report.groups.length);
    return json({ ...report, ...expected });
  });
}

async function answerChanges(search: string, { access }: Answerer): Promise<Answer> {
  const query = new Query(search, ["compare"]);
  const filter = filterOf(query);
  return access.use(async (ledger) =>
    json(await changesReport(ledger, { ...filter, compare: query.text("compare") })),
  );
}

async function answerCostliest(search: string, { access }: Answerer): Promise<Answer> {
  const query = new Query(search, ["by", "limit"]);
  const filter = filterOf(query);
  const [by, ...more] = groupKeysIn(query.text("by") ?? "") ?? [];
  if (by === undefined || more.length > 0) refuseKeys(query.text("by") ?? "", "one");
  const limit = query.count("limit", MOST_ROWS) ?? DEFAULT_ROWS;
  return access.use(async (ledger) => json(await costliest(ledger, filter, { by, limit })));
}

async function answerExecutions(search: string, { access }: Answerer): Promise<Answer> {
  const query = new Query(search, ["sort", "limit", "after", "format"]);
  const filter = filterOf(query);
  const format = query.oneOf("format", ["json", "jsonl", "csv"]) ?? "json";
  const limit = query.count("limit", format === "json" ? MOST_ROWS : MOST_FILE_ROWS) ?? DEFAULT_ROWS;
  const order = query.oneOf("sort", AMOUNT_ORDERS) ?? "newest";
  return access.use(async (ledger) => {
    const pages = await Array.fromAsync(
      executionsOf(ledger, filter, { order, limit, after: query.text("after") }),
    );
    const rows = pages.flat();
    if (format !== "json") {
      const lines = format === "csv" ? csvLines() : jsonLines(printedExecution);
      const contentType = format === "csv" ? "text/csv; charset=utf-8" : "application/jsonl; charset=utf-8";
      return { contentType, text: lines.page(rows) + lines.end(), fileName: `executions.${format}` };
    }
    const last = rows.length === limit ? rows.at(-1) : undefined;
    return json({
      schema: "runledger.executions/1",
      executions: rows.map(printedExecution),
      next: last === undefined ? null : placeOf(order, last),
    });
  });
}

async function answerExecution(path: string, search: string, { access }: Answerer): Promise<Answer> {
  new Query(search, [], false);
  const id = decoded(path.slice(EXECUTION.length));
  return access.use(async (ledger) => json(printedExecutionReport(await executionReport(ledger, id))));
}

async function answerIncidents(search: string, { access }: Answerer): Promise<Answer> {
  const query = new Query(search, ["kind", "limit", "after"], false);
  const limit = query.count("limit", MOST_ROWS) ?? DEFAULT_ROWS;
  const asked = {
    kind: query.oneOf("kind", INCIDENT_KINDS),
    order: "newest" as const,
    limit,
    afterId: query.count("after", Number.MAX_SAFE_INTEGER),
  };
  return access.use(async (ledger) => {
    const rows = (await Array.fromAsync(incidentsOf(ledger, asked))).flat();
    const last = rows.length === limit ? rows.at(-1) : undefined;
    return json({
      schema: "runledger.incidents/1",
      incidents: rows.map(printedIncident),
      next: last === undefined ? null : `${last.id}`,
    });
  });
}

async function answerHealth(search: string, { db }: Answerer): Promise<Answer> {
  new Query(search, [], false);
  const isPostgres = isPostgresUrl(db);
  const findings: AsyncGenerator<Finding> = isPostgres ? examinePostgres(db, true) : examine(db, true);
  return json(healthReport(isPostgres ? parsePostgresUrl(db).name : db, await Array.fromAsync(findings)));
}

async function answerBudgets(search: string, { access, budgets }: Answerer): Promise<Answer> {
  const query = new Query(search, ["limit"], false);
  const limit = query.count("limit", MOST_ROWS) ?? DEFAULT_ROWS;
  return access.use(async (ledger) => json(await budgetReport(ledger, budgets, limit)));
}

async function answerMetrics(search: string, { access, db, budgets }: Answerer): Promise<Answer> {
  const query = new Query(search, ["repo"], false);
  const options = { db, budgets, byRepo: query.flag("repo") };
  const text = await access.use((ledger) => metricsText(ledger, options));
  return { contentType: "text/plain; version=0.0.4; charset=utf-8", text };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function filterOf(query: Query): ExecutionFilter {
  const filter = query.filter();
  checkSpan(resolveFilter(filter));
  return filter;
}

function refuseKeys(by: string, count = "one or two"): never {
  throw new RunledgerError(
    "INVALID_ARGUMENT",
    `Invalid parameter: by: expected ${count} of ${GROUP_KEYS.join(", ")}, label:team, received ${JSON.stringify(by.slice(0, 60))}.`,
  );
}

function refuseGroups(count: number): never {
  throw new RunledgerError(
    "INVALID_ARGUMENT",
    `There are ${count} groups: at most ${MOST_GROUPS} are sent.`,
    { hint: "Give limit, or a shorter period." },
  );
}

function json(value: object): Answer {
  return { contentType: "application/json; charset=utf-8", text: formatJsonLine(value) };
}
