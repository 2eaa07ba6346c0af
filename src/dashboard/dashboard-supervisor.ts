import { networkInterfaces } from "node:os";
import { outlasts } from "../deadline";
import { messageOf } from "../describe";
import { RunledgerError } from "../errors";
import { keptAliveQuietly } from "../keep-alive";
import type { Logger } from "../logger";
import { locateDriver } from "../postgres/driver";
import { isPostgresUrl, parsePostgresUrl } from "../postgres/url";
import type { ApplicationState } from "../running-plugins";
import { THREADS } from "../threads";
import { type StartedWorker, startWorker, type WorkerEvents } from "../worker";
import { loginCode } from "./guard";
import type { ParsedDashboardOptions } from "./options";
import type { FromServer, ServerStart, ToServer } from "./protocol";
import { DEADLINE_MS } from "./readers";
import type { Dashboard, DashboardStats } from "./types";

/** After this many starts in a row that ended before serving, one line is logged. */
const STARTS_IN_VAIN = 2;
const CAN_NOT_BE_STARTED =
  "the dashboard's thread can't be started; for an application made by bun build see docs/operations.md, under Bundling and compiling";
const ENDS_AGAIN =
  "the dashboard's thread ends before it serves; it is started again, after ever longer pauses";
const FIRST_RESTART_MS = 10;
const LONGEST_RESTART_MS = 30_000;
const CLOSE_WITHIN_MS = 2_000;

/** Starts the thread. */
type StartThread = (entry: string, events: WorkerEvents<FromServer>) => StartedWorker;

/**
 * Keeps the dashboard's thread alive and tells it the state of the application's plugins; that is all it does on the
 * host's thread.
 */
export class DashboardSupervisor implements Dashboard {
  readonly #options: ParsedDashboardOptions;
  readonly #logger: Logger;
  readonly #startThread: StartThread;
  readonly #application: (() => ApplicationState) | undefined;
  readonly #opened = Promise.withResolvers<string>();
  /** Resolves when the current thread has ended. */
  #ended = Promise.withResolvers<void>();
  #thread: StartedWorker | undefined;
  #restart: ReturnType<typeof setTimeout> | undefined;
  #state: DashboardStats["state"] = "opening";
  #port: number | undefined;
  #lastError: string | undefined;
  #startsInVain = 0;
  /** A thread that has never said anything can't be started here, for example in some bundles. */
  #hasEverSpoken = false;
  #restarts = 0;
  #closing: Promise<void> | undefined;

  /**
   * @param forerunner After a reload: resolves when the previous dashboard has released the port.
   * @param application Collects the state of the application's plugins; called only when somebody looks.
   */
  constructor(
    options: ParsedDashboardOptions,
    logger: Logger,
    {
      forerunner,
      application,
      startThread = startWorker,
    }: {
      forerunner?: Promise<unknown> | undefined;
      application?: () => ApplicationState;
      startThread?: StartThread;
    } = {},
  ) {
    this.#application = application;
    this.#options = options;
    this.#logger = logger;
    this.#startThread = startThread;
    // Nobody may be waiting for `ready`: its rejection must not be reported as unhandled.
    this.#opened.promise.catch(() => {});
    if (forerunner === undefined) this.#start();
    else void forerunner.finally(() => this.#start());
  }

  get ready(): Promise<string> {
    return keptAliveQuietly(
      this.#opened.promise,
      () => this.#state !== "opening" || this.#startsInVain >= STARTS_IN_VAIN,
    );
  }

  stats(): DashboardStats {
    return {
      state: this.#state,
      url: this.#url,
      lastError: this.#lastError,
      restarts: this.#restarts,
    };
  }

  link(): string {
    const url = this.#url;
    if (url === undefined || this.#state !== "open") {
      throw new RunledgerError("CLOSED", "The dashboard is not open.", { hint: "Await ready first." });
    }
    const { token } = this.#options;
    return token === undefined ? url : `${url}login?code=${loginCode(token, this.#restarts)}`;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  get #url(): string | undefined {
    return this.#port === undefined ? undefined : `http://${shownHost(this.#options.host)}:${this.#port}/`;
  }

  async #close(): Promise<void> {
    this.#state = "closed";
    clearTimeout(this.#restart);
    this.#opened.reject(new RunledgerError("CLOSED", "The dashboard is closed."));
    if (this.#thread === undefined) return;
    this.#thread.post({ type: "close" } satisfies ToServer);
    await outlasts(this.#ended.promise, CLOSE_WITHIN_MS);
    this.#thread?.terminate();
  }

  #start(): void {
    if (this.#state === "closed") return;
    let hasServed = false;
    this.#ended = Promise.withResolvers();
    try {
      const entry = THREADS.dashboard();
      this.#thread = this.#startThread(entry, {
        onMessage: (message) => {
          this.#hasEverSpoken = true;
          hasServed ||= message.type !== "started";
          this.#receive(message);
        },
        onEnd: (error) => this.#startAgain(hasServed, error),
      });
      this.#thread.post(this.#startMessage(entry));
    } catch (error) {
      this.#startAgain(false, error);
    }
  }

  #startMessage(entry: string): ServerStart {
    const { db, port, host, hosts, token, budgets } = this.#options;
    return {
      role: "serve",
      entry,
      place: { db, driver: locateDriver(), statementMs: DEADLINE_MS, budgets },
      // After a restart, the same port as before.
      port: this.#port ?? port,
      host,
      hosts,
      token,
      start: this.#restarts,
      isOfApplication: this.#application !== undefined,
    };
  }

  #startAgain(hadServed: boolean, error: unknown): void {
    this.#thread = undefined;
    this.#ended.resolve();
    if (this.#state === "closed") return;
    this.#restarts += 1;
    const reason = error === undefined ? "no reason given" : this.#redacted(messageOf(error));
    this.#lastError = `the dashboard's thread ended: ${reason}`;
    this.#state = "opening";
    this.#startsInVain = hadServed ? 0 : this.#startsInVain + 1;
    if (!this.#hasEverSpoken && this.#startsInVain >= STARTS_IN_VAIN) this.#state = "failed";
    if (this.#startsInVain === STARTS_IN_VAIN) {
      this.#logger.error({ reason }, this.#hasEverSpoken ? ENDS_AGAIN : CAN_NOT_BE_STARTED);
    }
    const delayMs = Math.min(LONGEST_RESTART_MS, FIRST_RESTART_MS * 2 ** Math.min(this.#startsInVain, 16));
    this.#restart = setTimeout(() => this.#start(), delayMs).unref();
  }

  #tellOfApplication(): void {
    let state: ApplicationState | null = null;
    try {
      state = this.#application?.() ?? null;
    } catch {
      // The viewer is told that there is no answer.
    }
    this.#thread?.post({ type: "application", state } satisfies ToServer);
  }

  #redacted(text: string): string {
    const { db } = this.#options;
    return isPostgresUrl(db) ? parsePostgresUrl(db).redact(text) : text;
  }

  #receive(message: FromServer): void {
    switch (message.type) {
      case "started":
        return;
      case "listening":
        this.#port = message.port;
        if (this.#state !== "closed") this.#state = "open";
        this.#logger.info({ url: this.#url }, "the dashboard is open");
        this.#opened.resolve(this.#url ?? "");
        return;
      case "refused":
        this.#lastError = message.message;
        if (this.#state !== "closed" && this.#state !== "waiting") {
          this.#state = "waiting";
          const text =
            "the dashboard can't be opened; the application goes on without it, and it tries again";
          this.#logger.error({ reason: message.message }, text);
        }
        return;
      case "look":
        this.#tellOfApplication();
        return;
      case "closed":
        this.#ended.resolve();
        return;
    }
    message satisfies never;
  }
}

/** A host under which it can be opened: for an address that means all of this machine's, one that others can reach. */
function shownHost(host: string): string {
  if (host !== "0.0.0.0" && host !== "::") return host.includes(":") ? `[${host}]` : host;
  const outer = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .find(({ family, internal }) => family === "IPv4" && !internal);
  return outer?.address ?? "localhost";
}
