import type { PostgresPool, PostgresPoolClient } from "kysely";
import { RunledgerError } from "../errors";

/** What we use of `pg`. */
interface PgModule {
  readonly Pool: new (config: object) => Pool;
  readonly types: TypeParsers;
}

interface Pool extends PostgresPool {
  on(event: "error", listener: () => void): unknown;
  on(event: "connect" | "remove", listener: (client: PoolClient) => void): unknown;
}

export interface PoolClient extends PostgresPoolClient {
  on(event: "error", listener: () => void): unknown;
  readonly connection?: { readonly stream?: { destroy(): void } };
}

export type TypeParser = (text: string) => unknown;

export interface TypeParsers {
  getTypeParser(oid: number, format?: string): TypeParser;
}

/**
 * Where this code finds the package; `undefined` when it does not. A thread that was started from text, as those of a
 * bundled application are, is in no folder from which it could look for packages: it has to be told.
 */
export function locateDriver(): string | undefined {
  try {
    return import.meta.resolve("pg");
  } catch {
    return undefined;
  }
}

/**
 * Loads the optional package `pg`.
 *
 * @param location Where else it is, when it is not found from here: see {@link locateDriver}.
 * @throws {RunledgerError} `MISSING_PACKAGE`
 */
export async function loadDriver(location?: string): Promise<PgModule> {
  try {
    // No literals to TypeScript, as the types of an optional package need not be there either.
    const module = await import("pg" as string).catch((error) => {
      if (location === undefined) throw error;
      return import(location);
    });
    return module.default ?? module;
  } catch (cause) {
    throw new RunledgerError("MISSING_PACKAGE", "PostgreSQL needs the package pg, which is not installed.", {
      cause,
      hint: "Run: bun add pg",
    });
  }
}
