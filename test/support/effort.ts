const isThorough = process.env["THOROUGH"] === "1";

/** How often a test tries something: `usually`, or as often as it takes to find the rare fault, with `THOROUGH=1`. */
export function tries(usually: number, thoroughly: number): number {
  return isThorough ? thoroughly : usually;
}
