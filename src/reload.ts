// `bun --hot` evaluates every module again in the process that runs: what a module holds is lost, but its threads, timers
// and subscriptions go on. What is to be found again after that stands on `globalThis`.

/** Its name ends in the version of the shapes that are found under it: an update may come with a reload. */
const KEY = Symbol.for("runledger.running/1");

/** Each evaluation of this module has another. */
const evaluation = {};

interface Running {
  readonly evaluation: object;
  /** Where this module is: another copy of the package, beside this one, is no earlier evaluation of it. */
  readonly url: string;
  readonly kind: string;
  readonly what: unknown;
}

/** Says that something runs. Returns the undo, for when it has ended. */
export function announce<What>(kind: string, what: What): () => void {
  const running: Running = { evaluation, url: import.meta.url, kind, what };
  everything().add(running);
  return () => void everything().delete(running);
}

/**
 * What of a kind runs that was started before this module was evaluated the last time: its forerunners, of which a reload
 * has lost sight. Two applications that live side by side are none of each other's.
 */
export function forerunnersOf<What>(kind: string): What[] {
  return runningOf<What>(kind, (running) => running.evaluation !== evaluation);
}

/** What of a kind runs that was started since. */
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
