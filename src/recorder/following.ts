import type { TelemetryRecord } from "../record/types";

/**
 * Is told immediately which events a recorder takes, and where they go. It runs within `emit`, so it must neither
 * throw nor wait.
 *
 * An event that was taken is pending until the ledger has it. In the transaction of the rows, the writer also stores
 * the sequence number of their batch. A snapshot that has both therefore shows exactly which batches are still
 * pending.
 */
export interface Follower {
  /**
   * The recorder took an event, valid or not.
   *
   * @param completedAtMs In epoch milliseconds, for a plain record. NaN means that the event's fields may be anything.
   */
  taken(event: TelemetryRecord, completedAtMs: number): void;
  /** The events taken since the last call now form a batch that waits to be sent; in rare cases several, or none. */
  sealed(batches: number): void;
  /** The oldest waiting batch was sent to the writer. */
  sent(sequence: number): void;
  /** This many of the oldest waiting batches went to the spill file, or were lost. */
  spilled(batches: number): void;
  /** The recorder is closed: its events are in the ledger or in the spill file. */
  ended(): void;
}

/** Makes the follower of one recorder that has this many batches waiting to be sent. */
export type BeginFollowing = (recorderId: string, waitingBatches: number) => Follower;

/** A recorder of this thread. */
export interface FollowedRecorder {
  readonly dbPath: string;
  follow(begin: BeginFollowing): void;
  unfollow(begin: BeginFollowing): void;
}

interface Request {
  readonly dbPath: string;
  readonly begin: BeginFollowing;
}

const recorders = new Set<FollowedRecorder>();
const requests = new Set<Request>();

/** Announces a recorder to the current and future followers of its ledger. Returns a function that withdraws it. */
export function announceRecorder(recorder: FollowedRecorder): () => void {
  recorders.add(recorder);
  for (const { dbPath, begin } of requests) if (dbPath === recorder.dbPath) recorder.follow(begin);
  return () => void recorders.delete(recorder);
}

/**
 * Follows all recorders of this thread that write to a ledger, including future ones. Returns a function that stops
 * it.
 */
export function followRecorders(dbPath: string, begin: BeginFollowing): () => void {
  const request = { dbPath, begin };
  requests.add(request);
  const ofLedger = () => [...recorders].filter((recorder) => recorder.dbPath === dbPath);
  for (const recorder of ofLedger()) recorder.follow(begin);
  return () => {
    requests.delete(request);
    for (const recorder of ofLedger()) recorder.unfollow(begin);
  };
}
