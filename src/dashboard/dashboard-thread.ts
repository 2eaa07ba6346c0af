import { setPriority } from "node:os";
import { failureOf } from "../failure";
import { workerScope } from "../worker";
import { ApplicationLink } from "./application-link";
import { LedgerAccess } from "./ledger-access";
import type {
  FromReader,
  FromServer,
  ReaderStart,
  ServerStart,
  ThreadStart,
  ToReader,
  ToServer,
} from "./protocol";
import { answerQuestion } from "./questions";
import { DashboardServer } from "./server";
import { startThreadReader } from "./thread-reader";

// The entry of the dashboard's threads: the server, and the readers that it starts.

/** A higher niceness than the default, so that the host's thread and the writer's go first. */
const NICENESS = 10;

const scope = workerScope<FromServer | FromReader>();
yieldToHost();

scope.onmessage = ({ data }) => {
  const start = data as ThreadStart;
  if (start.role === "serve") serve(start);
  else read(start);
};

/** On Linux each thread has its own priority; elsewhere this would change the whole process. */
function yieldToHost(): void {
  if (process.platform !== "linux") return;
  try {
    setPriority(NICENESS);
  } catch {
    // It isn't allowed everywhere, and the dashboard works without it too.
  }
}

function serve({ entry, isOfApplication, ...options }: ServerStart): void {
  scope.postMessage({ type: "started" });
  const application = isOfApplication
    ? new ApplicationLink(() => scope.postMessage({ type: "look" }))
    : undefined;
  const server = new DashboardServer({
    ...options,
    application,
    startReader: () => startThreadReader(entry, options.place),
    onListening: (port) => scope.postMessage({ type: "listening", port }),
    onRefused: (message) => scope.postMessage({ type: "refused", message }),
  });
  scope.onmessage = async ({ data }) => {
    const message = data as ToServer;
    if (message.type === "application") {
      application?.take(message.state);
      return;
    }
    await server.close();
    scope.postMessage({ type: "closed" });
  };
}

function read({ place }: ReaderStart): void {
  const answerer = { access: new LedgerAccess(place), db: place.db, budgets: place.budgets };
  scope.onmessage = async ({ data }) => {
    const message = data as ToReader;
    if (message.type === "close") {
      await answerer.access.close();
      scope.postMessage({ type: "closed" });
      return;
    }
    const { id, question } = message;
    try {
      scope.postMessage({ type: "answer", id, answer: await answerQuestion(question, answerer) });
    } catch (error) {
      scope.postMessage({ type: "failure", id, failure: failureOf(error) });
    }
  };
}
