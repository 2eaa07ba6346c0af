import type { ErrorCode } from "../errors";
import type { Failure } from "../failure";
import type { ApplicationState } from "../running-plugins";
import type { LedgerPlace } from "./ledger-access";
import type { Answer, Question } from "./questions";

// What the host, the server's thread and its readers tell each other. One entry is for both kinds of threads: the
// first message says which it becomes.

/** The first message to a thread. */
export type ThreadStart = ServerStart | ReaderStart;

export interface ServerStart {
  readonly role: "serve";
  /** The entry of threads: the server starts its readers by it. */
  readonly entry: string;
  readonly place: LedgerPlace;
  readonly port: number;
  readonly host: string;
  readonly hosts: readonly string[];
  readonly token: string | undefined;
  /** How often it was started before. */
  readonly start: number;
  /** Whether the host is an application with plugins that can be asked how they are. */
  readonly isOfApplication: boolean;
}

export interface ReaderStart {
  readonly role: "read";
  readonly place: LedgerPlace;
}

export type ToServer =
  | { readonly type: "close" }
  /** The answer to `look`; `null` when there is none. */
  | { readonly type: "application"; readonly state: ApplicationState | null };

export type FromServer =
  | { readonly type: "started" }
  | { readonly type: "listening"; readonly port: number }
  /** The port can't be had; it is tried again. */
  | { readonly type: "refused"; readonly message: string }
  /** Somebody looks at how the application's plugins are. */
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
