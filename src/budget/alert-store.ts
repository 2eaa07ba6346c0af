import { existsSync } from "node:fs";
import { Connection } from "../ledger/connection";
import { createPrivately } from "../ledger/create-privately";
import { DAY_MS, toLedgerTime } from "../record/time";
import { isDead } from "./alert-owner";
import {
  ALERTS_TABLES,
  type AlertRow,
  countUnposted,
  deleteBefore,
  giveUpOldest,
  insertAlert,
  noteJudged,
  own,
  release,
  renew,
  SELECT_JUDGED,
  selectUndone,
  selectUnposted,
  setPosted,
  setTold,
} from "./alert-statements";
import type { TypedAlert } from "./alerts";

/** A process that doesn't renew its claim for this long is dead or hangs, in milliseconds. */
const LEASE_MS = 10_000;
const BUSY_TIMEOUT_MS = 2_000;
/** How long an alert is remembered after its period, so that it isn't sent twice, in milliseconds. */
const REMEMBERED_MS = 60 * DAY_MS;
/** How many alerts may wait for a webhook; if there are more, the oldest are dropped. */
const MOST_UNPOSTED = 1_000;

/** Where the alerts of a ledger are kept. */
export function alertsPathOf(dbPath: string): string {
  return `${dbPath}.budgets.db`;
}

/** An alert that this process must send or post. */
export interface OwnAlert extends TypedAlert {
  readonly isTold: boolean;
}

/**
 * Records in a file beside the ledger which alerts were sent. If there are several processes, one of them sends each
 * alert, and a crash loses none: an alert belongs to the process that stored it first, and passes to another if that
 * process is gone without having sent it. So it is sent at least once, and twice only if a process is killed between
 * sending and noting it.
 */
export class AlertStore implements Disposable {
  readonly #dbPath: string;
  readonly #owner: string;
  readonly #posts: boolean;
  #connection: Connection | undefined;
  /** Whether some of our alerts may not be done. */
  #hasUndone = false;

  /** @param posts Whether alerts are also posted to a webhook. */
  constructor(dbPath: string, owner: string, posts: boolean) {
    this.#dbPath = dbPath;
    this.#owner = owner;
    this.#posts = posts;
  }

  /** Stores alerts; returns those that were not stored before, which are ours. */
  claim(alerts: readonly TypedAlert[]): readonly OwnAlert[] {
    if (alerts.length === 0) return [];
    const nowMs = Date.now();
    const connection = this.#open();
    return connection.transaction(() => {
      const claimed = alerts.filter(
        ({ type, alert }) =>
          connection.run(
            insertAlert({
              id: alert.id,
              type,
              alert: JSON.stringify(alert),
              at: toLedgerTime(nowMs),
              owner: this.#owner,
              leased_until_ms: nowMs + LEASE_MS,
              is_told: 0,
              is_posted: this.#posts ? 0 : 1,
            }),
          ) > 0,
      );
      if (claimed.length > 0) {
        this.#hasUndone = true;
        connection.run(deleteBefore(forgottenBefore()));
      }
      if (this.#posts) this.#bound(connection);
      return claimed.map((alert) => ({ ...alert, isTold: false }));
    });
  }

  /** Renews our claims, and takes over alerts that other processes left undone; returns those that must be sent. */
  adopt(): readonly OwnAlert[] {
    if (this.#connection === undefined && !existsSync(alertsPathOf(this.#dbPath))) return [];
    const connection = this.#open();
    const nowMs = Date.now();
    if (this.#hasUndone) connection.run(renew(this.#owner, nowMs + LEASE_MS));
    const left = connection
      .all(selectUndone(this.#owner, this.#posts))
      .filter((row) => row.leased_until_ms <= nowMs || isDead(row.owner));
    if (left.length === 0) return [];
    return connection.transaction(() => {
      const taken = left.filter((row) => connection.run(own(row, this.#owner, nowMs + LEASE_MS)) > 0);
      if (taken.length > 0) this.#hasUndone = true;
      return taken.filter((row) => row.is_told === 0).map(toOwnAlert);
    });
  }

  /** Notes that alerts were sent. */
  noteTold(ids: readonly string[]): void {
    const connection = this.#open();
    connection.transaction(() => {
      for (const id of ids) connection.run(setTold(id));
    });
  }

  /** The next alert to post: the one with the fewest attempts so far. */
  nextUnposted(attempts: ReadonlyMap<string, number>): OwnAlert | undefined {
    if (this.#connection === undefined) return undefined;
    const tried = (row: AlertRow) => attempts.get(row.id) ?? 0;
    const [next] = this.#connection.all(selectUnposted(this.#owner)).sort((a, b) => tried(a) - tried(b));
    return next && toOwnAlert(next);
  }

  notePosted(id: string): void {
    this.#open().run(setPosted(id));
  }

  /** Alerts that no webhook has accepted yet, of all processes. */
  get unposted(): number {
    return this.#posts ? (this.#connection?.all(countUnposted())[0]?.count ?? 0) : 0;
  }

  /** Executions up to this `id` were checked; `undefined` before the first. */
  get judgedId(): number | undefined {
    if (this.#connection === undefined && !existsSync(alertsPathOf(this.#dbPath))) return undefined;
    return this.#open().all(SELECT_JUDGED)[0]?.id;
  }

  noteJudged(id: number): void {
    this.#open().run(noteJudged(id));
  }

  /** Releases undone alerts to other processes at once. */
  [Symbol.dispose](): void {
    const connection = this.#connection;
    this.#connection = undefined;
    try {
      if (this.#hasUndone) connection?.run(release(this.#owner));
    } finally {
      connection?.close();
    }
  }

  #bound(connection: Connection): void {
    const count = connection.all(countUnposted())[0]?.count ?? 0;
    if (count > MOST_UNPOSTED) connection.run(giveUpOldest(count - MOST_UNPOSTED));
  }

  #open(): Connection {
    this.#connection ??= openAlerts(alertsPathOf(this.#dbPath));
    return this.#connection;
  }
}

function openAlerts(path: string): Connection {
  createPrivately(path);
  const connection = new Connection(path);
  try {
    connection.pragma(`busy_timeout = ${BUSY_TIMEOUT_MS}`);
    connection.pragma("trusted_schema = OFF");
    connection.transaction(() => {
      for (const query of ALERTS_TABLES) connection.run(query);
    });
    return connection;
  } catch (error) {
    connection.close();
    throw error;
  }
}

function forgottenBefore(): string {
  return toLedgerTime(Date.now() - REMEMBERED_MS);
}

function toOwnAlert({ type, alert, is_told }: AlertRow): OwnAlert {
  return { type, alert: JSON.parse(alert), isTold: is_told === 1 };
}
