/** What is known when forwarding starts or resumes. */
export interface KnownProgress {
  /** The ledger's watermark: `id` of the last execution that the target has; 0 if there is none. */
  readonly noted: number;
  /** The same for incidents. */
  readonly notedIncident: number;
  /** The target's own watermark; `undefined` when it has received nothing from the ledger. */
  readonly target:
    | {
        readonly lastId: number;
        readonly executionId: string | null;
        readonly lastIncidentId: number;
        readonly resentUpTo: number;
      }
    | undefined;
  /** The ledger's execution with the `id` that the target had last; `undefined` if there is none. */
  readonly executionIdThere: string | null | undefined;
  /** The highest `id` in the ledger. */
  readonly newestId: number;
}

/** Where to resume. */
export interface ResumePoint {
  /** The first execution to send is the one after this `id`. */
  readonly from: number;
  /** The same for incidents. */
  readonly incidentsFrom: number;
  /** Executions up to this `id` may have been sent before. */
  readonly resentUpTo: number;
}

/**
 * Decides where to resume so that no execution is skipped. Sending one again is harmless, because its identity is the
 * target's key, unless the target has purged it: that is what `resentUpTo` is for.
 */
export function resumePoint(known: KnownProgress): ResumePoint {
  const { noted, notedIncident, target, executionIdThere, newestId } = known;
  // The target is new, or was emptied.
  if (target === undefined) return { from: 0, incidentsFrom: 0, resentUpTo: noted };

  const { lastId, executionId, lastIncidentId, resentUpTo } = target;
  // A restored ledger may have the same last execution but other incidents. Sending those again is harmless.
  const incidentsFrom = Math.min(notedIncident, lastIncidentId);
  const isSameLedger =
    lastId === 0 || executionIdThere === executionId || (executionIdThere === undefined && noted >= lastId);
  if (isSameLedger) {
    // The target's watermark was written in the transaction of the rows, so it is right even when the ledger's lags
    // (it was written too late, or lost) or leads (the target was restored from a backup).
    return {
      from: lastId,
      incidentsFrom,
      resentUpTo: noted > lastId ? Math.max(noted, resentUpTo) : resentUpTo,
    };
  }
  // Another execution has this `id`: the ledger was restored from a backup and assigned its ids a second time, or it
  // is a copy that has diverged.
  return {
    from: Math.min(noted, lastId),
    incidentsFrom,
    resentUpTo: newestId,
  };
}
