import { codeOf, messageOf } from "../describe";
import { Answers } from "./answers";
import type { ApplicationLink } from "./application-link";
import { Guard, type GuardOptions } from "./guard";
import { createHandler } from "./handler";
import { LedgerAccess, type LedgerPlace } from "./ledger-access";
import { Live } from "./live";
import { loadPage } from "./load-page";
import { isSlow } from "./questions";
import { type Reader, Readers } from "./readers";

/** What to serve, to whom, and where. */
export interface ServerOptions extends GuardOptions {
  readonly place: LedgerPlace;
  readonly port: number;
  readonly startReader: () => Reader;
  /** The application that runs the dashboard; none on the command line. */
  readonly application?: ApplicationLink | undefined;
  readonly onListening: (port: number) => void;
  /** The port isn't available. */
  readonly onRefused: (message: string) => void;
}

/** How long to wait before trying again if the port is taken. */
const TRY_AGAIN_MS = 5_000;
/** How long a connection may be silent before it is closed, in seconds: a stream sends something every 15. */
const IDLE_SECONDS = 60;

/** Why a server can't listen: what is wrong with the port, or with the host. */
function refusalOf(error: unknown, host: string, port: number): string {
  const reasons: Readonly<Record<string, string>> = {
    EADDRINUSE: `port ${port} is taken`,
    EACCES: `port ${port} is only for privileged users`,
    EADDRNOTAVAIL: `host ${host} is no address of this machine`,
  };
  return reasons[codeOf(error)] ?? `host ${host}, port ${port}: ${messageOf(error)}`;
}

/** The dashboard's server. Readers do everything slow, so that the server itself always responds. */
export class DashboardServer {
  readonly #options: ServerOptions;
  readonly #readers: Readers;
  readonly #access: LedgerAccess;
  readonly #live: Live;
  readonly #handler: (request: Request) => Promise<Response>;
  #server: ReturnType<typeof Bun.serve> | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;

  constructor(options: ServerOptions) {
    this.#options = options;
    this.#access = new LedgerAccess(options.place);
    this.#readers = new Readers({ start: options.startReader, isSlow });
    this.#live = new Live({ version: () => this.#access.version() });
    const version = () => this.#live.version();
    const answers = new Answers({ version, ask: (question, signal) => this.#readers.ask(question, signal) });
    let page: ReturnType<typeof loadPage> | undefined;
    const pageOnce = () => {
      this.#readers.warm();
      page ??= loadPage().catch((error) => {
        page = undefined;
        throw error;
      });
      return page;
    };
    this.#handler = createHandler({
      guard: new Guard(options),
      answers,
      live: this.#live,
      page: pageOnce,
      application: options.application,
    });
    this.#listen();
  }

  async close(): Promise<void> {
    clearTimeout(this.#retry);
    this.#live.close();
    await this.#server?.stop(true);
    await Promise.all([this.#readers.close(), this.#access.close()]);
  }

  #listen(): void {
    const { host, port, onListening, onRefused } = this.#options;
    try {
      this.#server = Bun.serve({
        hostname: host,
        port,
        idleTimeout: IDLE_SECONDS,
        // The handler refuses a request with a body, without reading it; Bun's own answer would lack our headers.
        maxRequestBodySize: Number.MAX_SAFE_INTEGER,
        development: false,
        fetch: this.#handler,
      });
    } catch (error) {
      onRefused(refusalOf(error, host, port));
      this.#retry = setTimeout(() => this.#listen(), TRY_AGAIN_MS);
      return;
    }
    onListening(this.#server.port ?? port);
  }
}
