/**
 * Any value as text for an incident: JSON if possible, else as a debugger would show it. Never throws.
 */
export function toPayload(value: unknown): string {
  try {
    const json: string | undefined = JSON.stringify(value, (_, inner) => {
      if (typeof inner === "bigint") return `${inner}n`;
      return typeof inner === "number" && !Number.isFinite(inner) ? String(inner) : inner;
    });
    if (json !== undefined) return json;
  } catch {
    // Circular, or a getter or a toJSON that throws.
  }
  try {
    return Bun.inspect(value);
  } catch {
    return "[it can't be shown]";
  }
}
