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

/** A process that does not renew its claim for so long is dead or hangs, in milliseconds. */
const LEASE_MS = 10_000;
const BUSY_TIMEOUT_MS = 2_000;
/** So long after its time an alert is remembered, so that it is not told twice, in milliseconds. */
const REMEMBERED_MS = 60 * DAY_MS;
/** So many alerts wait for a webhook; beyond, the oldest are given up. */
const MOST_UNPOSTED = 1_000;

/** Where the alerts of a ledger are kept. */
export function alertsPathOf(dbPath: string): string {
  return `${dbPath}.budgets.db`;
}

/** An alert that is ours to tell or to post. */
export interface OwnAlert extends TypedAlert {
  readonly isTold: boolean;
}

/**
 * Keeps which alerts were told, in a file beside the ledger, so that of several processes one tells each, and none is
 * forgotten at a crash: an alert belongs to whoever stored it first, and passes to another process when that one is gone
 * without having told it. So it is told at least once; twice only if a process is killed between telling and noting it.
 */
export class AlertStore implements Disposable {
  readonly #dbPath: string;
  readonly #owner: string;
  readonly #posts: boolean;
  #connection: Connection | undefined;
  /** Whether some of ours may not be done. */
  #hasUndone = false;

  /** @param posts Whether alerts are posted to a webhook too. */
  constructor(dbPath: string, owner: string, posts: boolean) {
    this.#dbPath = dbPath;
    this.#owner = owner;
    this.#posts = posts;
  }

  /** Stores alerts; returns those that nobody had stored before: they are ours. */
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

  /** Renews our claims, and takes over the alerts that others left undone; returns those that are to be told. */
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

  /** Notes that alerts were told. */
  noteTold(ids: readonly string[]): void {
    const connection = this.#open();
    connection.transaction(() => {
      for (const id of ids) connection.run(setTold(id));
    });
  }

  /** The next alert to post; of several the one that was tried least often. */
  nextUnposted(attempts: ReadonlyMap<string, number>): OwnAlert | undefined {
    if (this.#connection === undefined) return undefined;
    const tried = (row: AlertRow) => attempts.get(row.id) ?? 0;
    const [next] = this.#connection.all(selectUnposted(this.#owner)).sort((a, b) => tried(a) - tried(b));
    return next && toOwnAlert(next);
  }

  notePosted(id: string): void {
    this.#open().run(setPosted(id));
  }

  /** Alerts that no webhook has taken yet, of all processes. */
  get unposted(): number {
    return this.#posts ? (this.#connection?.all(countUnposted())[0]?.count ?? 0) : 0;
  }

  /** Up to this `id` executions were looked at; `undefined` before the first. */
  get judgedId(): number | undefined {
    if (this.#connection === undefined && !existsSync(alertsPathOf(this.#dbPath))) return undefined;
    return this.#open().all(SELECT_JUDGED)[0]?.id;
  }

  noteJudged(id: number): void {
    this.#open().run(noteJudged(id));
  }

  /** Leaves what is undone to others, at once. */
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
