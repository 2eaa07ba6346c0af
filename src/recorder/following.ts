import type { TelemetryRecord } from "../record/types";

/**
 * Hears at once what a recorder takes, and where it goes. It runs within `emit`: it neither throws nor waits.
 *
 * What was taken is pending until the ledger has it. The writer notes in the ledger, in the transaction of the rows
 * themselves, the sequence of the last batch: whoever reads both at one moment knows exactly what is not in there yet.
 */
export interface Follower {
  /**
   * The recorder took an event, whatever it is.
   *
   * @param completedAtMs Of a plain record, in epoch milliseconds; NaN: its fields may be anything.
   */
  taken(event: TelemetryRecord, completedAtMs: number): void;
  /** What was taken since the last call is one batch now, which waits to be sent; in rare cases several, or none. */
  sealed(batches: number): void;
  /** The oldest batch that waits went to the writer. */
  sent(sequence: number): void;
  /** The oldest so many of the batches that wait went to the spill file, or are lost. */
  spilled(batches: number): void;
  /** The recorder is closed: what it had is in the ledger or in the spill file. */
  ended(): void;
}

/** Makes the follower of one recorder, of which so many batches wait to be sent. */
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

/** Makes a recorder known to those that follow its ledger, now or later. Returns the undo. */
export function announceRecorder(recorder: FollowedRecorder): () => void {
  recorders.add(recorder);
  for (const { dbPath, begin } of requests) if (dbPath === recorder.dbPath) recorder.follow(begin);
  return () => void recorders.delete(recorder);
}

/** Follows all recorders of this thread that write a ledger, those made later too. Returns the undo. */
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
