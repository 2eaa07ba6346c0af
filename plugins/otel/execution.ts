import { isFailure } from "../../src/record/failure";
import type { UsedModel, ValidRecord } from "../../src/record/models";
import { providerOf } from "../../src/record/provider";
import { readEvent } from "../../src/record/read-event";
import type { TelemetryRecord } from "../../src/record/types";
import { OTHER_ERROR } from "./conventions";
import { wellKnownProvider } from "./provider-names";

/** A run as it is sent. */
export interface Execution {
  readonly record: ValidRecord;
  readonly completedMs: number;
  /** As the ledger stores it; `undefined` if unknown. */
  readonly durationMs: number | undefined;
  /** By its well-known name. */
  readonly provider: string;
  /** How it ended: `success`, `neutral`, `skipped`, or its `error.type`. */
  readonly conclusion: string;
  /** `undefined` if it did not fail. */
  readonly errorType: string | undefined;
  /** What each of its models used, their providers by well-known names. */
  readonly used: readonly UsedModel[];
}

/** Any other text may be a sentence, and give away too much. */
const ONE_WORD = /^[\w.:-]{1,64}$/;

/** @throws {RunledgerError} `INVALID_RECORD` if the ledger would refuse it. */
export function readExecution(event: TelemetryRecord): Execution {
  const { record, completedMs } = readEvent(event);
  const { conclusion, durationMs } = record;
  const provider = wellKnownProvider(record.provider ?? providerOf(record.model));
  const word = ONE_WORD.test(conclusion) ? conclusion : OTHER_ERROR;
  return {
    record,
    completedMs,
    durationMs: durationMs == null ? undefined : Math.max(1, Math.round(durationMs)),
    provider,
    conclusion: word,
    errorType: isFailure(conclusion) ? word : undefined,
    used: record.models?.map(renamed) ?? [usageOf(record, provider)],
  };
}

function renamed(used: UsedModel): UsedModel {
  return { ...used, provider: wellKnownProvider(used.provider) };
}

function usageOf(record: ValidRecord, provider: string): UsedModel {
  return {
    model: record.model,
    provider,
    costSource: record.costSource ?? "reported",
    inputTokens: record.inputTokens ?? undefined,
    outputTokens: record.outputTokens ?? undefined,
    cacheReadTokens: record.cacheReadTokens ?? undefined,
    cacheCreationTokens: record.cacheCreationTokens ?? undefined,
    costUsd: record.costUsd ?? undefined,
  };
}

/**
 * Input tokens as OpenTelemetry counts them, including cache reads and writes; `undefined` if the uncached part is
 * unknown.
 */
export function inclusiveInput(
  used: Pick<ValidRecord, "inputTokens" | "cacheReadTokens" | "cacheCreationTokens">,
): number | undefined {
  if (used.inputTokens == null) return undefined;
  return used.inputTokens + (used.cacheReadTokens ?? 0) + (used.cacheCreationTokens ?? 0);
}
