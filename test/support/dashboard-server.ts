import type { BudgetOptions } from "../../src/budget/types";
import { LedgerAccess, type LedgerPlace } from "../../src/dashboard/ledger-access";
import { answerQuestion } from "../../src/dashboard/questions";
import type { Reader } from "../../src/dashboard/readers";
import { DashboardServer } from "../../src/dashboard/server";

/** A dashboard that listens, with its server and its readers in this thread. */
export interface ListeningDashboard extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

/** Serves a ledger on a free port, or on one that was free before. */
export async function serveDashboard(
  db: string,
  port = 0,
  budgets?: BudgetOptions,
): Promise<ListeningDashboard> {
  const listening = Promise.withResolvers<number>();
  const server = new DashboardServer({
    place: { db, budgets },
    port,
    host: "127.0.0.1",
    hosts: [],
    token: undefined,
    start: 0,
    startReader: () => readerOf({ db, budgets }),
    onListening: listening.resolve,
    onRefused: (message) => listening.reject(new Error(message)),
  });
  const close = () => server.close();
  const taken = await listening.promise.catch(async (error) => {
    await close();
    throw error;
  });
  return { url: `http://127.0.0.1:${taken}/`, port: taken, close, [Symbol.asyncDispose]: close };
}

function readerOf(place: LedgerPlace): Reader {
  const access = new LedgerAccess(place);
  return {
    ask: (question) => answerQuestion(question, { ...place, access }),
    close: () => access.close(),
    end: () => void access.close(),
  };
}
