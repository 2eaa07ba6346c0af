/** What providers call the tier that their list prices are for. */
const STANDARD = new Set(["auto", "default", "on_demand", "standard", "traffic_type_unspecified", ""]);

/** The name of a service tier other than the standard one, such as `flex`; `undefined` for the standard one. */
export function specialTier(name: string | undefined): string | undefined {
  const tier = name?.trim().toLowerCase();
  return tier === undefined || STANDARD.has(tier) ? undefined : tier;
}
