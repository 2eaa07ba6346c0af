import { drain } from "./drain";
import { estimate } from "./estimate";
import type { Figure } from "./figure";
import { forwarding } from "./forward";
import { growth } from "./growth";
import { host } from "./host";
import { report } from "./report";
import { size } from "./size";
import { stall } from "./stall";
import { startup } from "./startup";

export const FIGURES = {
  host,
  drain,
  stall,
  size,
  startup,
  estimate,
  growth,
  report,
  forward: forwarding,
} as const satisfies Record<string, Figure>;

export type FigureName = keyof typeof FIGURES;

/**
 * What is measured when nothing is named: all but those that fill ledgers with millions of rows first, or need a
 * server.
 */
export const USUAL_FIGURES: readonly FigureName[] = ["host", "drain", "stall", "size", "startup"];
