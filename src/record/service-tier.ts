/** What providers call the tier whose prices are on their lists. */
const STANDARD = new Set(["auto", "default", "on_demand", "standard", "traffic_type_unspecified", ""]);

/** The name of a service tier other than the standard one, such as `flex`; `undefined` for that one. */
export function specialTier(name: string | undefined): string | undefined {
  const tier = name?.trim().toLowerCase();
  return tier === undefined || STANDARD.has(tier) ? undefined : tier;
}
