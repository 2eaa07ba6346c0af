import { uncached } from "./read";

/** Tokens as OpenAI counts them: `input` includes what was read from the cache and written to it. */
export type InclusiveUsage = Readonly<Record<"input" | "read" | "written" | "output", number | undefined>>;

const UNKNOWN: InclusiveUsage = {
  input: undefined,
  read: undefined,
  written: undefined,
  output: undefined,
};

/** Turns zeros into unknown usage, because every request has tokens. */
export function knownUsage(usage: InclusiveUsage): InclusiveUsage {
  return usage.input === 0 && usage.output === 0 ? UNKNOWN : usage;
}

/** A total minus an earlier one, or minus a part of it; a count is unknown if it is unknown in either. */
export function usageBeyond(total: InclusiveUsage, part: InclusiveUsage): InclusiveUsage {
  return {
    input: beyond(total.input, part.input),
    read: beyond(total.read, part.read),
    written: beyond(total.written, part.written),
    output: beyond(total.output, part.output),
  };
}

function beyond(total: number | undefined, part: number | undefined): number | undefined {
  return total === undefined || part === undefined ? undefined : total - part;
}

/** The token fields of a record, which don't overlap. */
export function tokenFields({ input, read, written, output }: InclusiveUsage) {
  return {
    inputTokens: uncached(input, read, written),
    outputTokens: output,
    cacheReadTokens: read,
    cacheCreationTokens: written,
  };
}
