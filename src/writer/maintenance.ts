import { cutoffOf } from "../ledger/cutoff";
import { purgeSlices, vacuumSlices } from "../ledger/purge";
import { toStoreFailure } from "../ledger/sqlite-errors";
import type { SqliteLedger } from "../ledger/sqlite-ledger";
import { DAY_MS } from "../record/time";

/** How soon maintenance that failed, for a lock as a rule, is tried again, in milliseconds. */
const RETRY_MS = 60_000;

/** What maintenance needs of the writer that runs it. */
export interface MaintenanceHost {
  readonly retentionDays: number | false;
  /** The ledger as it is open now. */
  readonly ledger: () => SqliteLedger;
  readonly checkpoint: () => void;
  /** There is something to do. */
  readonly schedule: () => void;
  readonly onFailure: (error: unknown) => void;
  /** Whatever is still there from before this cutoff, a purge has left. */
  readonly onPurged: (cutoff: string) => void;
}

/** How a purge that was asked for ended: with how many executions it deleted, or with an error. */
export type OnPurged = (result: { readonly purged: number } | { readonly error: unknown }) => void;

interface Job {
  readonly steps: Iterator<void, number>;
  readonly onPurged: OnPurged;
}

/** Purges, vacuums and checkpoints in slices, so that batches, and other processes, get their turn in between. */
export class Maintenance {
  readonly #host: MaintenanceHost;
  readonly #jobs: Job[] = [];
  #daily: ReturnType<typeof setInterval> | undefined;
  #isStopped = false;

  constructor(host: MaintenanceHost) {
    this.#host = host;
  }

  /** Purges by retention now and every 24 hours, each time with a checkpoint. */
  keepRetention(): void {
    this.#start();
    this.#daily ??= setInterval(() => this.#start(), DAY_MS).unref();
  }

  purge(days: number, onPurged: OnPurged): void {
    this.#jobs.push({ steps: this.#purge(days), onPurged });
    this.#host.schedule();
  }

  /** Does one slice; `false` when there is nothing to do. */
  step(): boolean {
    const [job] = this.#jobs;
    if (job === undefined) return false;
    try {
      const slice = job.steps.next();
      if (slice.done !== true) return true;
      this.#jobs.shift();
      job.onPurged({ purged: slice.value });
    } catch (error) {
      this.#jobs.shift();
      job.onPurged({ error: toStoreFailure("purge", error) });
    }
    return true;
  }

  /** Ends it; what was asked for and is not done ends with `error`. */
  stop(error: unknown): void {
    this.#isStopped = true;
    clearInterval(this.#daily);
    for (const { onPurged } of this.#jobs.splice(0)) onPurged({ error });
  }

  #start(): void {
    this.#jobs.push({
      steps: this.#keepRetentionOnce(),
      onPurged: (result) => {
        if ("error" in result && !this.#isStopped) this.#startLater(result.error);
      },
    });
    this.#host.schedule();
  }

  #startLater(error: unknown): void {
    this.#host.onFailure(error);
    setTimeout(() => this.#start(), RETRY_MS).unref();
  }

  *#keepRetentionOnce(): Generator<void, number> {
    const { retentionDays } = this.#host;
    const purged = retentionDays === false ? 0 : yield* this.#purge(retentionDays);
    this.#host.checkpoint();
    return purged;
  }

  *#purge(days: number): Generator<void, number> {
    const cutoff = cutoffOf(days);
    if (cutoff === undefined) return 0;
    let purged = 0;
    for (const deleted of purgeSlices(this.#host.ledger().connection, cutoff)) {
      purged += deleted;
      yield;
    }
    this.#host.onPurged(cutoff);
    if (purged === 0) return 0;
    yield* vacuumSlices(this.#host.ledger().connection);
    this.#host.checkpoint();
    return purged;
  }
}
