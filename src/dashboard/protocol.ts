import type { ErrorCode } from "../errors";
import type { Failure } from "../failure";
import type { ApplicationState } from "../running-plugins";
import type { LedgerPlace } from "./ledger-access";
import type { Answer, Question } from "./questions";

// The messages between the host, the server's thread and its readers. Both kinds of threads have the same entry: the
// first message says which one a thread becomes.

/** The first message to a thread. */
export type ThreadStart = ServerStart | ReaderStart;

export interface ServerStart {
  readonly role: "serve";
  /** The entry of the threads, with which the server starts its readers. */
  readonly entry: string;
  readonly place: LedgerPlace;
  readonly port: number;
  readonly host: string;
  readonly hosts: readonly string[];
  readonly token: string | undefined;
  /** How often the server was restarted. */
  readonly start: number;
  /** Whether the host is an application whose plugins can be asked for their state. */
  readonly isOfApplication: boolean;
}

export interface ReaderStart {
  readonly role: "read";
  readonly place: LedgerPlace;
}

export type ToServer =
  | { readonly type: "close" }
  /** The answer to `look`; `null` if there is none. */
  | { readonly type: "application"; readonly state: ApplicationState | null };

export type FromServer =
  | { readonly type: "started" }
  | { readonly type: "listening"; readonly port: number }
  /** The port isn't available; the server tries again. */
  | { readonly type: "refused"; readonly message: string }
  /** Somebody looks at the state of the application's plugins. */
  | { readonly type: "look" }
  | { readonly type: "closed" };

export type ToReader =
  | { readonly type: "ask"; readonly id: number; readonly question: Question }
  | { readonly type: "close" };

export type FromReader =
  | { readonly type: "answer"; readonly id: number; readonly answer: Answer }
  | { readonly type: "failure"; readonly id: number; readonly failure: Failure }
  | { readonly type: "closed" };

export function isErrorCode(code: Failure["code"]): code is ErrorCode {
  return code !== "UNEXPECTED";
}
