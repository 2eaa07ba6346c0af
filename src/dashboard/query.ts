import { describe } from "../describe";
import { RunledgerError } from "../errors";
import { withLabel } from "../report/labels";
import type { ExecutionFilter } from "../report/types";
import { NAME_FILTERS } from "./page/name-filters";

/** The parameters of a filter, named like the command line's options. */
const FILTER_PARAMETERS = ["since", "until", ...NAME_FILTERS, "failed", "tz"] as const;

/** The longest period that is accepted, in days. */
const LONGEST_DAYS = 3_660;

/** The parameters of a request, each checked when it is read. */
export class Query {
  readonly #parameters: URLSearchParams;

  /**
   * @param known The parameters that are allowed besides those of a filter.
   * @throws {RunledgerError} `INVALID_ARGUMENT` for any other: a mistyped filter would return too much.
   */
  constructor(search: string, known: readonly string[], hasFilter = true) {
    this.#parameters = new URLSearchParams(search);
    const all: readonly string[] = hasFilter ? [...FILTER_PARAMETERS, ...known] : known;
    for (const name of this.#parameters.keys()) {
      if (!all.includes(name)) {
        throw new RunledgerError("INVALID_ARGUMENT", `There is no parameter ${name.slice(0, 60)}.`, {
          hint: `There are ${all.join(", ")}.`,
        });
      }
    }
  }

  text(name: string): string | undefined {
    const [text, ...others] = this.#parameters.getAll(name);
    return others.length > 0 ? refuse(name, "one value", `${others.length + 1} of them`) : text || undefined;
  }

  /** Whether a parameter is 1; it may be 1 or 0. */
  flag(name: string): boolean {
    const value = this.text(name) ?? "0";
    return value === "1" || (value !== "0" && refuse(name, "1 or 0", value));
  }

  oneOf<Value extends string>(name: string, values: readonly Value[]): Value | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    return values.find((value) => value === text) ?? refuse(name, `one of ${values.join(", ")}`, text);
  }

  /** A whole number, 1 or higher. */
  count(name: string, most: number): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const isCount = /^[1-9]\d{0,15}$/.test(text) && Number(text) <= most;
    return isCount ? Number(text) : refuse(name, `a whole number from 1 to ${most}`, text);
  }

  filter(): ExecutionFilter {
    const names = (name: string) => {
      const values = this.#parameters.getAll(name).filter((value) => value !== "");
      return values.length > 0 ? values : undefined;
    };
    return {
      since: this.text("since"),
      until: this.text("until"),
      repo: names("repo"),
      model: names("model"),
      provider: names("provider"),
      eventType: names("event-type"),
      conclusion: names("conclusion"),
      labels: this.#labels(),
      pullRequest: names("pr"),
      session: names("session"),
      ledger: names("ledger"),
      failedOnly: this.flag("failed"),
      timeZone: this.text("tz"),
    };
  }

  #labels(): ExecutionFilter["labels"] {
    const texts = this.#parameters.getAll("label").filter((text) => text !== "");
    if (texts.length === 0) return undefined;
    return texts.reduce(
      (labels, text) =>
        withLabel(labels, text) ?? refuse("label", "a label and a value, such as team=core", text),
      {},
    );
  }
}

/** @throws {RunledgerError} `INVALID_ARGUMENT` if a period is too long. */
export function checkSpan({
  sinceMs,
  untilMs,
}: {
  readonly sinceMs?: number | undefined;
  readonly untilMs?: number | undefined;
}): void {
  if (sinceMs === undefined) return;
  const days = ((untilMs ?? Date.now()) - sinceMs) / 86_400_000;
  if (days <= LONGEST_DAYS) return;
  throw new RunledgerError(
    "INVALID_ARGUMENT",
    `since and until are ${Math.round(days)} days apart: at most ${LONGEST_DAYS} are answered.`,
    { hint: "Leave since out for all that there is." },
  );
}

function refuse(name: string, expected: string, received: string): never {
  throw new RunledgerError(
    "INVALID_ARGUMENT",
    `Invalid parameter: ${name}: expected ${expected}, received ${describe(received)}.`,
  );
}
