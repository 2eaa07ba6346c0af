import { findProvider } from "@pydantic/genai-prices";
import { openPriceList, type PricedUsage } from "../src/adapters";
import { providerOf } from "../src/record/provider";
import { DAY_MS } from "../src/record/time";

/** What one model used in a result of Claude Code or the Agent SDK, and the cost that the result reports. */
export interface PricedEntry {
  /** Where it is, such as `results.jsonl:17`. */
  readonly origin: string;
  readonly usage: PricedUsage;
  readonly webSearches: number;
  /** The service tier and the speed that the result reports. */
  readonly terms: readonly unknown[];
  readonly reportedUsd: number;
}

/** An estimate, next to the reported cost. */
export interface PriceRatio extends PricedEntry {
  /** Estimated to reported; `undefined` without an estimate. */
  readonly ratio: number | undefined;
  /** Why they differ; `undefined` if unknown. */
  readonly explanation: string | undefined;
}

/** Costs are sums of fractions, so ratios that differ by less count as equal. */
const TOLERANCE = 5e-4;
/** US dollars for one search. (platform.claude.com/docs/en/about-claude/pricing) */
const WEB_SEARCH_USD = 0.01;
const BEDROCK_REGIONAL = 1.1;
const US_INFERENCE = 1.1;

const STANDARD = new Set(["standard", "default", ""]);
const QUARTER_MS = 91 * DAY_MS;
/** Results have no time: prices may have been different when they were made. */
const QUARTERS = Array.from({ length: 12 }, (_, quarters) => Date.now() - quarters * QUARTER_MS);

const list = openPriceList();
const claudes = modelsOf("anthropic");

/** Explains how an estimate from a result's tokens differs from its cost. */
export function compare(entry: PricedEntry): PriceRatio {
  const { usage, reportedUsd } = entry;
  const estimate = list.costOfRun({ ...usage, cacheCreation1hTokens: undefined });
  if (estimate === undefined)
    return { ...entry, ratio: undefined, explanation: "the list has no such model" };
  return { ...entry, ratio: estimate / reportedUsd, explanation: explain(entry) };
}

function explain({ usage, webSearches, terms, reportedUsd }: PricedEntry): string | undefined {
  const searches = webSearches * WEB_SEARCH_USD;
  const at = (changes: Partial<PricedUsage>) =>
    (list.costOfRun({ ...usage, ...changes }) ?? Number.NaN) + searches;
  const isReported = (usd: number) => Math.abs(usd / reportedUsd - 1) <= TOLERANCE;
  const all = usage.cacheCreationTokens ?? 0;
  const fiveMinutes = at({ cacheCreation1hTokens: 0 });
  const anHour = at({ cacheCreation1hTokens: all });
  const long = (list.costOfRequest({ ...usage, cacheCreation1hTokens: all }) ?? anHour) + searches;

  if (isReported(fiveMinutes)) return webSearches > 0 ? "list price, and web searches" : "list price";
  if (isReported(at({}))) return "list price, with the writes of an hour that the result tells of";
  if (isReported(anHour)) return "list price, with all writes of an hour";
  if (isReported(fiveMinutes / BEDROCK_REGIONAL) && usage.provider === "aws")
    return "the list has Bedrock's regional price, the result Anthropic's";
  if (isReported(fiveMinutes * US_INFERENCE)) return "list price, with inference in the US";
  const special = terms.find((term) => typeof term === "string" && !STANDARD.has(term));
  if (special !== undefined) return `another service tier, ${special}`;
  if (QUARTERS.some((atMs) => isReported(at({ atMs })))) return "list price of an earlier day";
  const other = claudes.find((model) =>
    [0, usage.cacheCreation1hTokens ?? 0, all].some((hour) =>
      isReported(at({ provider: "anthropic", model, cacheCreation1hTokens: hour })),
    ),
  );
  if (other !== undefined) return `reported at the rates of another model, ${other}`;
  if (reportedUsd > fiveMinutes && reportedUsd < anHour) return "list price, with some writes of an hour";
  if (reportedUsd > fiveMinutes && reportedUsd < long) return "list price, with some long requests";
  return undefined;
}

function modelsOf(providerId: string): readonly string[] {
  return findProvider({ providerId })?.models.map(({ id }) => id) ?? [];
}

/** The entries of result messages, one per line; other lines are skipped. */
export function entriesOf(text: string, name: string): PricedEntry[] {
  return text.split("\n").flatMap((line, index) => entriesOfLine(line, `${name}:${index + 1}`));
}

function entriesOfLine(line: string, origin: string): PricedEntry[] {
  const message = parse(line.replace(/^\ufeff/, ""));
  const models = Object.entries(objectOf(message["modelUsage"]));
  const { cache_creation, service_tier, speed } = objectOf(message["usage"]);
  const written = objectOf(cache_creation);
  return models.flatMap(([model, value]) => {
    const used = objectOf(value);
    const count = (field: string) => Number(used[field] ?? 0);
    const reportedUsd = count("costUSD");
    if (reportedUsd === 0) return [];
    const usage = {
      provider: providerOf(model),
      model,
      atMs: Date.now(),
      inputTokens: count("inputTokens"),
      outputTokens: count("outputTokens"),
      cacheReadTokens: count("cacheReadInputTokens"),
      cacheCreationTokens: count("cacheCreationInputTokens"),
      // Older versions report this only for the main loop, not per model.
      cacheCreation1hTokens: Number(
        used["cacheCreationEphemeral1hInputTokens"] ?? written["ephemeral_1h_input_tokens"] ?? 0,
      ),
    };
    const terms = [service_tier, speed];
    return [{ origin, usage, webSearches: count("webSearchRequests"), terms, reportedUsd }];
  });
}

function parse(line: string): Readonly<Record<string, unknown>> {
  try {
    return objectOf(JSON.parse(line));
  } catch {
    return {};
  }
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}
