import { afterAll, beforeAll } from "bun:test";
import { type PostgresServer, startPostgres } from "./postgres-server";

const STARTS_WITHIN_MS = 60_000;

/** A PostgreSQL for the tests of the file that calls this at its top; it runs from the first test to the last. */
export function usePostgres(): PostgresServer {
  let running: PostgresServer | undefined;
  beforeAll(async () => {
    running = await startPostgres();
  }, STARTS_WITHIN_MS);
  afterAll(async () => {
    await running?.[Symbol.asyncDispose]();
  });
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
