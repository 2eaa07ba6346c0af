import type { BudgetOptions } from "../../src/budget/types";
import { Answers } from "../../src/dashboard/answers";
import { Guard, type GuardOptions } from "../../src/dashboard/guard";
import { createHandler } from "../../src/dashboard/handler";
import { LedgerAccess } from "../../src/dashboard/ledger-access";
import { Live } from "../../src/dashboard/live";
import type { Page } from "../../src/dashboard/load-page";
import { answerQuestion, type Question } from "../../src/dashboard/questions";

/** A page that needs no build. */
const PLAIN_PAGE: Page = {
  index: { contentType: "text/html; charset=utf-8", gzipped: Bun.gzipSync("<h1>page</h1>") },
  assets: new Map([
    ["/a-1234.js", { contentType: "text/javascript; charset=utf-8", gzipped: Bun.gzipSync("1;") }],
  ]),
};

/**
 * The dashboard's handler on a ledger, without threads and sockets. `asked` has the questions that reached the ledger.
 */
export function dashboardOn(
  db: string,
  options: Partial<GuardOptions> & { now?: () => number; budgets?: BudgetOptions } = {},
) {
  const { now = Date.now, budgets, ...access } = options;
  const guard = new Guard({ host: "127.0.0.1", hosts: [], token: undefined, start: 0, ...access });
  const ledger = new LedgerAccess({ db });
  const live = new Live({ version: () => ledger.version(), lookEveryMs: 5 });
  const asked: Question[] = [];
  const ask = (question: Question) => {
    asked.push(question);
    return answerQuestion(question, { access: ledger, db, budgets });
  };
  const answers = new Answers({ version: () => live.version(), ask, now });
  const handler = createHandler({ guard, answers, live, page: async () => PLAIN_PAGE });
  const fetch = (path: string, init: RequestInit = {}) => {
    const headers = { host: "127.0.0.1:4680", ...(init.headers as Record<string, string>) };
    return handler(new Request(`http://127.0.0.1:4680${path}`, { ...init, headers }));
  };
  return {
    asked,
    fetch,
    // Each test states what it expects in the answer.
    json: async (path: string): Promise<ReturnType<typeof JSON.parse>> => (await fetch(path)).json(),
    async [Symbol.asyncDispose]() {
      live.close();
      await ledger.close();
    },
  };
}
