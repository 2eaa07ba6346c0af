/** What is known when forwarding begins, or begins again. */
export interface KnownProgress {
  /** `id` of the last execution that the target has, as the ledger noted it; 0 when it noted nothing. */
  readonly noted: number;
  /** The same of incidents. */
  readonly notedIncident: number;
  /** What the target itself knows of the ledger; `undefined` when it has never heard of it. */
  readonly target:
    | {
        readonly lastId: number;
        readonly executionId: string | null;
        readonly lastIncidentId: number;
        readonly resentUpTo: number;
      }
    | undefined;
  /** Which execution of the ledger has the `id` that the target had last; `undefined` when none has. */
  readonly executionIdThere: string | null | undefined;
  /** The highest `id` in the ledger. */
  readonly newestId: number;
}

/** Where to go on. */
export interface ResumePoint {
  /** The first execution to send comes after this `id`. */
  readonly from: number;
  /** The same of incidents. */
  readonly incidentsFrom: number;
  /** Executions up to this `id` may have been sent before. */
  readonly resentUpTo: number;
}

/**
 * Decides where to go on, so that no execution is skipped. To send one again does no harm, as its identity is the
 * target's key; unless the target has purged it, which is what `resentUpTo` is for.
 */
export function resumePoint(known: KnownProgress): ResumePoint {
  const { noted, notedIncident, target, executionIdThere, newestId } = known;
  // A new target, or one that was emptied.
  if (target === undefined) return { from: 0, incidentsFrom: 0, resentUpTo: noted };

  const { lastId, executionId, lastIncidentId, resentUpTo } = target;
  // A ledger that was restored may have the same last execution, and other incidents; sent again they do no harm.
  const incidentsFrom = Math.min(notedIncident, lastIncidentId);
  const isSameLedger =
    lastId === 0 || executionIdThere === executionId || (executionIdThere === undefined && noted >= lastId);
  if (isSameLedger) {
    // The target was written in the transaction of the rows, so it is right: also when the ledger is behind it (its own
    // note came too late, or was lost), and when it is behind the ledger (the target was restored from a backup).
    return {
      from: lastId,
      incidentsFrom,
      resentUpTo: noted > lastId ? Math.max(noted, resentUpTo) : resentUpTo,
    };
  }
  // Another execution has this `id`: the ledger was restored from a backup, and gave its ids out a second time; or it
  // is a copy that goes its own way.
  return {
    from: Math.min(noted, lastId),
    incidentsFrom,
    resentUpTo: newestId,
  };
}
