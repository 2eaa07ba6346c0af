import { beforeAll } from "bun:test";
import { type PostgresServer, startPostgres } from "./postgres-server";

const STARTS_WITHIN_MS = 60_000;

/** Shared because it takes a second to start. Its guard ends it when the process ends. */
let shared: Promise<PostgresServer> | undefined;

/**
 * A PostgreSQL for the tests of the file that calls this at its top. Files that run in one process share it, so each
 * test makes a database of its own, and a test that crashes the server starts it again.
 */
export function usePostgres(): PostgresServer {
  let running: PostgresServer | undefined;
  beforeAll(async () => {
    shared ??= startPostgres();
    running = await shared;
  }, STARTS_WITHIN_MS);
  const server = (): PostgresServer => {
    if (running === undefined) throw new Error("The server is not there before the first test.");
    return running;
  };
  return {
    get port() {
      return server().port;
    },
    url: (database, login) => server().url(database, login),
    createDatabase: () => server().createDatabase(),
    crash: () => server().crash(),
    start: () => server().start(),
    [Symbol.asyncDispose]: () => server()[Symbol.asyncDispose](),
  };
}
