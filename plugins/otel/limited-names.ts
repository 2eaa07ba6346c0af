/** Lets only a limited number of different names pass, so that a metric has a bounded number of series. */
export class LimitedNames {
  readonly #most: number;
  readonly #other: string;
  readonly #names = new Set<string>();

  constructor(most: number, other: string) {
    this.#most = most;
    this.#other = other;
  }

  /** The name, or the one that stands for all names past the limit. */
  limit(name: string): string {
    if (this.#names.has(name)) return name;
    if (this.#names.size === this.#most) return this.#other;
    this.#names.add(name);
    return name;
  }
}
