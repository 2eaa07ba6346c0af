import { budget } from "./budget";
import { dashboard } from "./dashboard";
import { drain } from "./drain";
import { estimate } from "./estimate";
import type { Figure } from "./figure";
import { forwarding } from "./forward";
import { growth } from "./growth";
import { host } from "./host";
import { otel } from "./otel";
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
  otel,
  dashboard,
  budget,
} as const satisfies Record<string, Figure>;

export type FigureName = keyof typeof FIGURES;

/**
 * What is measured if no figure is named: all except those that first fill ledgers with millions of rows, need a server
 * or a browser, or are about a plugin that few use.
 */
export const USUAL_FIGURES: readonly FigureName[] = ["host", "drain", "stall", "size", "startup"];
