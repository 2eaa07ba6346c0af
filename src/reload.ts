// `bun --hot` evaluates every module again in the running process. Module state is lost, but threads, timers and
// subscriptions live on. What must survive a reload is kept on `globalThis`.

/** The name ends in the version of the data under it, because a reload may bring a newer version of this package. */
const KEY = Symbol.for("runledger.running/1");

/** Different in each evaluation of this module. */
const evaluation = {};

interface Running {
  readonly evaluation: object;
  /** The location of this module: a second copy of the package is not an earlier evaluation of this one. */
  readonly url: string;
  readonly kind: string;
  readonly what: unknown;
}

/** Registers something that runs. Returns the undo, for when it has ended. */
export function announce<What>(kind: string, what: What): () => void {
  const running: Running = { evaluation, url: import.meta.url, kind, what };
  everything().add(running);
  return () => void everything().delete(running);
}

/**
 * Running things of a kind that an earlier evaluation of this module started: the predecessors that a reload has
 * orphaned. Applications that live side by side in one evaluation are not predecessors of each other.
 */
export function forerunnersOf<What>(kind: string): What[] {
  return runningOf<What>(kind, (running) => running.evaluation !== evaluation);
}

/** Running things of a kind that this evaluation started. */
export function siblingsOf<What>(kind: string): What[] {
  return runningOf<What>(kind, (running) => running.evaluation === evaluation);
}

function runningOf<What>(kind: string, isMeant: (running: Running) => boolean): What[] {
  return Array.from(everything())
    .filter((running) => running.url === import.meta.url && running.kind === kind && isMeant(running))
    .map(({ what }) => what as What);
}

function everything(): Set<Running> {
  const place = globalThis as { [KEY]?: Set<Running> };
  place[KEY] ??= new Set();
  return place[KEY];
}
