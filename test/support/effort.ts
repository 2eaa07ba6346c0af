const isThorough = process.env["THOROUGH"] === "1";

/** How often a test tries something: `usually` times, or with `THOROUGH=1` often enough to find a rare fault. */
export function tries(usually: number, thoroughly: number): number {
  return isThorough ? thoroughly : usually;
}
