const LONGEST_PREVIEW = 60;
/** The user and password of a URL, which may contain characters that should have been encoded. */
const CREDENTIALS = /(postgres(?:ql)?:\/*|:\/\/).*@/is;
const PASSWORD_PARAMETER = /(password=)[^&]*/gi;
/** Values that JSON has no form for, as `snapshot` spells them out: these strings come from us, not from a user. */
const SPELLED_OUT = /^(?:NaN|-?Infinity)$|^-?\d+n$/;

/** A short description of any value for an error message: never throws, never long. */
export function describe(value: unknown): string {
  switch (typeof value) {
    case "string": {
      if (SPELLED_OUT.test(value)) return value.endsWith("n") ? `the bigint ${value}` : `the number ${value}`;
      const safe = withoutCredentials(value);
      const shown = safe.length > LONGEST_PREVIEW ? `${safe.slice(0, LONGEST_PREVIEW)}…` : safe;
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

/** A text that may be a URL, without user and password. */
export function withoutCredentials(text: string): string {
  return text.replace(CREDENTIALS, "$1***@").replace(PASSWORD_PARAMETER, "$1***");
}

function describeObject(value: object | null): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "an array";
  return value instanceof Date ? "an invalid Date" : "an object";
}

/** The first of some texts, and how many more there are: `a, b and 3 more`. */
export function firstOf(texts: readonly string[], most: number): string {
  const more = texts.length - most;
  const shown = texts.slice(0, most).join(", ");
  return more > 0 ? `${shown} and ${more.toLocaleString("en")} more` : shown;
}

/** The message of whatever was thrown: never throws. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : describe(thrown);
}

/** The code of a SQLite or file system error, such as `SQLITE_BUSY` or `EACCES`; `""` when it has none. */
export function codeOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return typeof code === "string" ? code : "";
}
