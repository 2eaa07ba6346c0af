import { statSync } from "node:fs";
import { sql } from "kysely";
import type { BudgetOptions } from "../budget/types";
import { isPostgresUrl } from "../postgres/url";
import type { Ledger } from "../report/database/ledger";
import { openLedger } from "../report/database/open-ledger";
import { reading } from "../report/database/snapshot";
import { lastExecutionId } from "../report/executions";

/** Which ledger, and how to read it. */
export interface LedgerPlace {
  /** A path, or a `postgres://` URL. */
  readonly db: string;
  /** Where the host found the package `pg`: a thread that was started from text can't find it itself. */
  readonly driver?: string | undefined;
  /** How long PostgreSQL may work on one statement, in milliseconds. Default: the server's setting. */
  readonly statementMs?: number | undefined;
  /** The budgets to show. Default none. */
  readonly budgets?: BudgetOptions | undefined;
}

/** How long after the last use the ledger is closed, so that it isn't in use when somebody wants to replace it. */
const IDLE_MS = 10_000;

interface Opened {
  readonly ledger: Ledger;
  /** Distinguishes this opening from all others. */
  readonly id: string;
  /** The file that is open; the path may lead to another file by now. */
  readonly file: string | undefined;
  uses: number;
}

/** Keeps a ledger open for reading while it is used. */
export class LedgerAccess {
  readonly #place: LedgerPlace;
  #opening: Promise<Opened> | undefined;
  #idle: ReturnType<typeof setTimeout> | undefined;

  constructor(place: LedgerPlace) {
    this.#place = place;
  }

  /** @throws what opening the ledger or the read throws. */
  async use<Result>(read: (ledger: Ledger) => Promise<Result>): Promise<Result> {
    return this.#use(({ ledger }) => read(ledger));
  }

  /**
   * Changes whenever the ledger's content may have changed; the same text means that it hasn't.
   *
   * @throws what opening it throws.
   */
  async version(): Promise<string> {
    return this.#use(async ({ ledger, id }) => `${id}-${await dataVersion(ledger)}`);
  }

  async close(): Promise<void> {
    clearTimeout(this.#idle);
    const opening = this.#opening;
    this.#opening = undefined;
    await opening?.then(({ ledger }) => ledger.close()).catch(() => {});
  }

  async #use<Result>(read: (opened: Opened) => Promise<Result>): Promise<Result> {
    clearTimeout(this.#idle);
    const opened = await this.#current();
    opened.uses += 1;
    try {
      return await read(opened);
    } finally {
      opened.uses -= 1;
      clearTimeout(this.#idle);
      this.#idle = setTimeout(() => opened.uses === 0 && void this.close(), IDLE_MS);
      this.#idle.unref();
    }
  }

  async #current(): Promise<Opened> {
    const before = await this.#opening?.catch(() => undefined);
    const file = fileAt(this.#place.db);
    if (before !== undefined && before.file === file) return before;
    if (before === undefined || before.uses === 0) await this.close();
    this.#opening ??= open(this.#place, file);
    const opening = this.#opening;
    // The next use tries again.
    opening.catch(() => {
      if (this.#opening === opening) this.#opening = undefined;
    });
    return opening;
  }
}

async function open({ db, driver, statementMs }: LedgerPlace, file: string | undefined): Promise<Opened> {
  const id = crypto.randomUUID().slice(0, 8);
  if (!isPostgresUrl(db)) return { ledger: await openLedger(db), id, file, uses: 0 };
  const { openPostgresLedger } = await import("../report/database/open-postgres");
  const url = statementMs === undefined ? db : withParameter(db.trim(), `statement_timeout=${statementMs}`);
  return { ledger: await openPostgresLedger(url, { driver }), id, file, uses: 0 };
}

/** `pg` takes session settings from the URL. */
function withParameter(url: string, parameter: string): string {
  return `${url}${url.includes("?") ? "&" : "?"}${parameter}`;
}

/** Identifies the file at a path, to notice when another one takes its place. */
function fileAt(path: string): string | undefined {
  if (isPostgresUrl(path)) return "";
  const status = statSync(path, { throwIfNoEntry: false });
  return status && `${status.dev}:${status.ino}`;
}

/** SQLite counts what other connections commit; in PostgreSQL the highest ids tell. */
async function dataVersion(ledger: Ledger): Promise<string> {
  if (ledger.engine === "sqlite") {
    const { rows } = await reading(ledger, () =>
      sql<{ data_version: number }>`pragma data_version`.execute(ledger.db),
    );
    return `${rows[0]?.data_version}`;
  }
  const incidents = ledger.db.selectFrom("incidents").select(({ fn }) => fn.max("id").as("last"));
  const last = await reading(ledger, () => incidents.executeTakeFirst());
  const facts = ledger.db.selectFrom("ledger").select("value").where("key", "=", "purged_before");
  const purged = await reading(ledger, () => facts.executeTakeFirst());
  return `${await lastExecutionId(ledger)}-${last?.last ?? 0}-${purged?.value ?? ""}`;
}
