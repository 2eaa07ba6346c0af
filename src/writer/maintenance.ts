import { cutoffOf } from "../ledger/cutoff";
import { purgeSlices, vacuumSlices } from "../ledger/purge";
import { toStoreFailure } from "../ledger/sqlite-errors";
import type { SqliteLedger } from "../ledger/sqlite-ledger";
import { DAY_MS } from "../record/time";

/** The delay before failed maintenance is retried, in milliseconds. The usual cause is a lock. */
const RETRY_MS = 60_000;

/** What maintenance needs of the writer that runs it. */
export interface MaintenanceHost {
  readonly retentionDays: number | false;
  /** The open ledger. */
  readonly ledger: () => SqliteLedger;
  readonly checkpoint: () => void;
  /** Called when there is work. */
  readonly schedule: () => void;
  readonly onFailure: (error: unknown) => void;
  /** Called after a purge. Anything older than the cutoff that is still there was held back on purpose. */
  readonly onPurged: (cutoff: string) => void;
}

/** The result of a requested purge: the number of executions deleted, or an error. */
export type OnPurged = (result: { readonly purged: number } | { readonly error: unknown }) => void;

interface Job {
  readonly steps: Iterator<void, number>;
  readonly onPurged: OnPurged;
}

/** Purges, vacuums and checkpoints in slices, so that batches and other processes get a turn in between. */
export class Maintenance {
  readonly #host: MaintenanceHost;
  readonly #jobs: Job[] = [];
  #daily: ReturnType<typeof setInterval> | undefined;
  #isStopped = false;

  constructor(host: MaintenanceHost) {
    this.#host = host;
  }

  /** Purges by retention now and every 24 hours, each time followed by a checkpoint. */
  keepRetention(): void {
    this.#start();
    this.#daily ??= setInterval(() => this.#start(), DAY_MS).unref();
  }

  purge(days: number, onPurged: OnPurged): void {
    this.#jobs.push({ steps: this.#purge(days), onPurged });
    this.#host.schedule();
  }

  /** Runs one slice; returns `false` when there is no work. */
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

  /** Stops; pending requests fail with `error`. */
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
