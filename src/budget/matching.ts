import { matcherOf, namesIn } from "../name-pattern";
import { providerOf } from "../record/provider";
import { isLabelKey, labelOf, NONE } from "../report/labels";
import type { NamePattern } from "../report/types";
import { type Budget, EACH_KEYS, type Spender } from "./types";

/** A budget that some spending counts for and, with `each`, the value. */
export interface Slot {
  /** The budget's index in the list. */
  readonly index: number;
  /** `""` without `each`. */
  readonly value: string;
}

/** A name by which a budget may match. */
export type NameKey = (typeof EACH_KEYS)[number] | `label:${string}`;
export type Name = string | undefined;

/** How many answers are remembered. */
const MOST_REMEMBERED = 20_000;

/** By the name of one key: the level of the next key or, after the last key, the answer. */
type Level = Map<Name, unknown>;

/**
 * Finds the budgets that some spending counts for. That depends on only a few names, and the answers are remembered by
 * them, so that a question takes one look-up for each name that any budget needs.
 */
export class Matching<Answer = readonly Slot[]> {
  readonly #budgets: readonly Pick<Budget, "match" | "each">[];
  readonly #isFor: readonly ((names: Names) => boolean)[];
  readonly #toAnswer: (slots: readonly Slot[]) => Answer;
  #root: Level = new Map();
  #remembered = 0;
  /** By slots: spending that counts for the same slots shares one answer. */
  readonly #answers = new Map<string, Answer>();
  /** The names that any budget needs. */
  readonly keys: readonly NameKey[];

  /** @param toAnswer Makes the remembered answer from slots. */
  constructor(
    budgets: readonly Pick<Budget, "match" | "each">[],
    toAnswer: (slots: readonly Slot[]) => Answer,
  ) {
    this.#budgets = budgets;
    this.#isFor = budgets.map(({ match = {} }) => conditionOf(match));
    this.#toAnswer = toAnswer;
    this.keys = [...new Set(budgets.flatMap(keysOf))].sort((a, b) => rankOf(a) - rankOf(b));
  }

  /** The answer for some spending. */
  of(spender: Spender): Answer {
    const { keys } = this;
    let level = this.#root;
    for (let index = 0; index < keys.length - 1; index += 1)
      level = below(level, nameOf(spender, keys[index]));
    const last = nameOf(spender, keys.at(-1));
    return (level.get(last) as Answer | undefined) ?? this.#find(level, last, (key) => nameOf(spender, key));
  }

  /** The same from names alone: in the order of the keys, starting at an index of a list. */
  ofNames(names: readonly Name[], from: number): Answer {
    const { keys } = this;
    const lastPlace = from + keys.length - 1;
    let level = this.#root;
    for (let place = from; place < lastPlace; place += 1) level = below(level, names[place]);
    const last = keys.length === 0 ? undefined : names[lastPlace];
    const known = level.get(last) as Answer | undefined;
    return known ?? this.#find(level, last, (key) => names[from + keys.indexOf(key)]);
  }

  #find(level: Level, last: Name, names: Names): Answer {
    this.#remembered += 1;
    if (this.#remembered > MOST_REMEMBERED) this.#forget();
    const slots = this.#budgets.flatMap(({ each }, index) => {
      if (this.#isFor[index]?.(names) !== true) return [];
      if (each === undefined) return { index, value: "" };
      const value = names(each) ?? (isLabelKey(each) ? NONE : undefined);
      return value === undefined ? [] : { index, value };
    });
    const id = JSON.stringify(slots);
    const answer = this.#answers.get(id) ?? this.#toAnswer(slots);
    this.#answers.set(id, answer);
    level.set(last, answer);
    return answer;
  }

  /** Forgets all answers. */
  #forget(): void {
    this.#root = new Map();
    this.#remembered = 0;
    this.#answers.clear();
  }
}

/** A name of some spending. */
export function nameOf(spender: Spender, key: NameKey | undefined): Name {
  switch (key) {
    case undefined:
      return undefined;
    case "provider": {
      const model = textOf(spender.model);
      return textOf(spender.provider) ?? (model === undefined ? undefined : providerOf(model));
    }
    case "repo":
      return textOf(spender.repo);
    case "model":
      return textOf(spender.model);
    case "eventType":
      return textOf(spender.eventType);
    case "conclusion":
      return textOf(spender.conclusion);
    default:
      // An inherited property is not a label.
      return textOf(spender.labels?.[labelOf(key)]);
  }
}

/** Callers without types may pass anything. */
function textOf(name: unknown): Name {
  return typeof name === "string" ? name : undefined;
}

type Names = (key: NameKey) => Name;

function below(level: Level, name: Name): Level {
  let next = level.get(name) as Level | undefined;
  if (next === undefined) {
    next = new Map();
    level.set(name, next);
  }
  return next;
}

/** Keys with few names come first, so that most levels have few entries and stay in the processor's cache. */
const BY_NAMES: readonly NameKey[] = ["conclusion", "provider", "eventType", "model", "repo"];

function rankOf(key: NameKey): number {
  const rank = BY_NAMES.indexOf(key);
  return rank < 0 ? BY_NAMES.length : rank;
}

function keysOf({ match = {}, each }: Pick<Budget, "match" | "each">): readonly NameKey[] {
  const names = EACH_KEYS.filter((key) => match[key] !== undefined);
  const labels = Object.keys(match.labels ?? {}).map((label) => `label:${label}` as const);
  return [...names, ...labels, ...(each === undefined ? [] : [each])];
}

function conditionOf(match: NonNullable<Budget["match"]>): (names: Names) => boolean {
  const conditions = EACH_KEYS.flatMap((key) => {
    const pattern = match[key];
    return pattern === undefined ? [] : condition(key, pattern, false);
  });
  const ofLabels = Object.entries(match.labels ?? {}).map(([label, pattern]) =>
    condition(`label:${label}`, pattern, namesIn(pattern).includes(NONE)),
  );
  const all = [...conditions, ...ofLabels];
  return (names) => all.every((isMet) => isMet(names));
}

function condition(key: NameKey, pattern: NamePattern, includesNone: boolean): (names: Names) => boolean {
  const matches = matcherOf(pattern);
  return (names) => {
    const name = names(key);
    return name === undefined ? includesNone : matches(name);
  };
}
