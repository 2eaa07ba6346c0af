const LONGEST_PREVIEW = 60;

/** A short description of any value for an error message: never throws, never long. */
export function describe(value: unknown): string {
  switch (typeof value) {
    case "string": {
      const shown = value.length > LONGEST_PREVIEW ? `${value.slice(0, LONGEST_PREVIEW)}…` : value;
      return `the string ${JSON.stringify(shown)}`;
    }
    case "undefined":
      return "nothing";
    case "number":
    case "boolean":
      return `the ${typeof value} ${value}`;
    case "bigint":
      return `the bigint ${value}n`;
    case "symbol":
    case "function":
      return `a ${typeof value}`;
    case "object":
      return describeObject(value);
  }
}

function describeObject(value: object | null): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "an array";
  return value instanceof Date ? "an invalid Date" : "an object";
}

/** The message of whatever was thrown: never throws. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : describe(thrown);
}
