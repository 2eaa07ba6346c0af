/** Groups items that share a key, directly or through other items. Groups are in the order of their first items. */
export function connected<Item>(items: readonly Item[], keysOf: (item: Item) => readonly string[]): Item[][] {
  const groupOf = new Map<string, { members: Item[]; keys: string[] }>();
  for (const item of items) {
    const keys = keysOf(item);
    const met = new Set(keys.flatMap((key) => groupOf.get(key) ?? []));
    const [first = { members: [], keys: [] }, ...others] = met;
    for (const { members, keys } of others) {
      first.members.push(...members);
      first.keys.push(...keys);
    }
    first.members.push(item);
    first.keys.push(...keys);
    for (const key of first.keys) groupOf.set(key, first);
  }
  return [...new Set(groupOf.values())].map(({ members }) => members);
}
