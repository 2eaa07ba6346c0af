/** Remembers the last ids that were added, in constant time and space. */
export class RecentIds {
  readonly #size: number;
  readonly #ids = new Set<string>();
  /** The same ids in a circle: the next place has the oldest. */
  readonly #circle: string[] = [];
  #next = 0;

  constructor(size: number) {
    this.#size = size;
  }

  has(id: string): boolean {
    return this.#ids.has(id);
  }

  /** Returns `false`, and adds nothing, when the id is among them. */
  add(id: string): boolean {
    if (this.#ids.has(id)) return false;
    const oldest = this.#circle[this.#next];
    if (oldest !== undefined) this.#ids.delete(oldest);
    this.#circle[this.#next] = id;
    this.#ids.add(id);
    this.#next = (this.#next + 1) % this.#size;
    return true;
  }
}
