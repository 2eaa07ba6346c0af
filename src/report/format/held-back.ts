import type { HeldBack } from "../../ledger/held-back";
import { formatCountOf } from "./values";

/** How much a target lacks. */
export function formatHeldBack({ executions, incidents }: HeldBack): string {
  const counts = [formatCountOf(executions, "execution")];
  if (incidents > 0) counts.push(formatCountOf(incidents, "incident"));
  return counts.join(" and ");
}

/** Since when a target has received nothing, to the minute. */
export function formatSince({ since }: HeldBack): string {
  return `${since.slice(0, 16)} UTC`;
}
