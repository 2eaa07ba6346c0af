import type { BudgetOptions } from "../../src/budget/types";
import { ApplicationLink } from "../../src/dashboard/application-link";
import { LedgerAccess, type LedgerPlace } from "../../src/dashboard/ledger-access";
import { answerQuestion } from "../../src/dashboard/questions";
import type { Reader } from "../../src/dashboard/readers";
import { DashboardServer } from "../../src/dashboard/server";
import type { ApplicationState } from "../../src/running-plugins";

/** A listening dashboard, with its server and readers in this thread. */
export interface ListeningDashboard extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

/** Serves a ledger on a free port, or on the given one. */
export async function serveDashboard(
  db: string,
  port = 0,
  { budgets, application }: { budgets?: BudgetOptions; application?: () => ApplicationState } = {},
): Promise<ListeningDashboard> {
  const listening = Promise.withResolvers<number>();
  const link: ApplicationLink | undefined =
    application && new ApplicationLink(() => link?.take(application()));
  const server = new DashboardServer({
    place: { db, budgets },
    port,
    host: "127.0.0.1",
    hosts: [],
    token: undefined,
    start: 0,
    application: link,
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
