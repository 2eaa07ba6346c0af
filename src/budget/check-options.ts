import * as z from "zod/mini";
import { RunledgerError } from "../errors";
import { dbPathOption, loggerOption } from "../ledger/options";
import { parsePostgresUrl } from "../postgres/url";
import { labelsOption, nameOption, timeZoneOption } from "../report/filter-options";
import { isLabelKey } from "../report/labels";
import { explain } from "../validation";
import type { BudgetPluginOptions, WebhookOptions } from "./options";
import { type Budget, type BudgetMatch, type BudgetOptions, EACH_KEYS, type EachKey, PERIODS } from "./types";

// The message of each check names what it expects; `explain` builds the sentence.
const NAME = "a non-empty string";
const NAMES = "budgets with names of their own";
const BUDGETS = "one budget or more";
const LIMIT = "US dollars, above 0";
const PER = `one of ${PERIODS.join(", ")}`;
const EACH = `one of ${EACH_KEYS.join(", ")}, or label: and a label's key`;
const EACH_EXECUTION = "no each beside per: execution, which is for each execution";
const SHARES = "shares of the limit, above 0, such as 0.8";
const AMOUNT = "US dollars, 0 or more";
const UNKNOWN = '"allow" or "deny"';
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;
const TIMEOUT = `milliseconds from 0 to ${LONGEST_TIMEOUT_MS}`;
const INTERVAL = `milliseconds from 1 to ${LONGEST_TIMEOUT_MS}`;
const URL_TEXT = "a URL";

const limit = z.number(LIMIT).check(z.gt(0, LIMIT));
const timeout = z.optional(z.number(TIMEOUT).check(z.gte(0, TIMEOUT), z.lte(LONGEST_TIMEOUT_MS, TIMEOUT)));
const interval = z.optional(
  z.number(INTERVAL).check(z.gte(1, INTERVAL), z.lte(LONGEST_TIMEOUT_MS, INTERVAL)),
);

const matchSchema = z.strictObject(
  {
    repo: nameOption,
    model: nameOption,
    provider: nameOption,
    eventType: nameOption,
    conclusion: nameOption,
    labels: labelsOption,
  } satisfies Record<keyof BudgetMatch, z.ZodMiniType>,
  "an object of names",
);

const budgetSchema = z
  .strictObject(
    {
      name: z.string(NAME).check(z.minLength(1, NAME)),
      limitUsd: limit,
      per: z.enum(PERIODS, PER),
      timeZone: z.optional(timeZoneOption),
      match: z.optional(matchSchema),
      each: z.optional(z.custom<EachKey>(isEachKey, EACH)),
    } satisfies Record<keyof Budget, z.ZodMiniType>,
    "an object",
  )
  .check(
    z.refine(({ per, each }) => per !== "execution" || each === undefined, {
      message: EACH_EXECUTION,
      path: ["each"],
    }),
  );

const budgetOptions = {
  budgets: z.array(budgetSchema, BUDGETS).check(
    z.minLength(1, BUDGETS),
    z.refine((budgets) => new Set(budgets.map(({ name }) => name)).size === budgets.length, NAMES),
  ),
  alertAt: z.optional(z.array(z.number(SHARES).check(z.gt(0, SHARES)), SHARES)),
  unknownCostUsd: z.optional(z.number(AMOUNT).check(z.gte(0, AMOUNT))),
} satisfies Record<keyof BudgetOptions, z.ZodMiniType>;

const optionsSchema = z.strictObject({
  ...budgetOptions,
  dbPath: z.optional(
    z.union(
      [z.literal(":memory:"), dbPathOption],
      "the path of a file, without spaces around it, and no URL",
    ),
  ),
  shared: z.optional(z.string(URL_TEXT)),
  onUnknown: z.optional(z.enum(["allow", "deny"], UNKNOWN)),
  readIntervalMs: interval,
  holdTimeoutMs: interval,
  webhook: z.optional(
    z.strictObject(
      {
        url: z.string(URL_TEXT),
        secret: z.optional(z.string(NAME).check(z.minLength(1, NAME))),
        timeoutMs: interval,
      } satisfies Record<keyof WebhookOptions, z.ZodMiniType>,
      "an object of options",
    ),
  ),
  closeTimeoutMs: timeout,
  logger: z.optional(loggerOption),
} satisfies Record<keyof BudgetPluginOptions, z.ZodMiniType>);

/** @throws {RunledgerError} `INVALID_OPTION`, naming each option that is unknown or wrong. */
export function checkBudgetOptions(options: BudgetOptions, name: string): BudgetOptions {
  return checked(z.strictObject(budgetOptions), options, name);
}

/** @throws {RunledgerError} `INVALID_OPTION`, naming each option that is unknown or wrong. URLs are never shown. */
export function checkPluginOptions(
  options: BudgetPluginOptions,
  name = "budget plugin",
): BudgetPluginOptions {
  const given = checked(optionsSchema, options, name);
  if (given.shared !== undefined) parsePostgresUrl(given.shared);
  if (given.webhook !== undefined && !isWebUrl(given.webhook.url)) {
    // It may be a secret as a whole.
    throw new RunledgerError("INVALID_OPTION", `${name}: webhook.url: expected an http: or https: URL.`);
  }
  return given;
}

function checked<Schema extends z.ZodMiniType>(schema: Schema, options: unknown, name: string) {
  const result = schema.safeParse(options, { reportInput: true });
  if (result.success) return result.data;
  throw new RunledgerError("INVALID_OPTION", `${name}: ${explain(result.error, "an object of options")}.`, {
    hint: "See docs/budgets.md.",
  });
}

function isEachKey(key: unknown): boolean {
  return typeof key === "string" && (isLabelKey(key) || (EACH_KEYS as readonly string[]).includes(key));
}

function isWebUrl(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}
