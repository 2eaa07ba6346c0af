import type { PostgresPool, PostgresPoolClient } from "kysely";
import { RunledgerError } from "../errors";

/** The part of `pg` that is used. */
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
 * The location of the package, resolved from here; `undefined` if it can't be. A thread that is started from source
 * text, as in a bundled application, has no folder to resolve packages from, and has to be told.
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
 * @param location Where to load it from if it can't be resolved from here: see {@link locateDriver}.
 * @throws {RunledgerError} `MISSING_PACKAGE`
 */
export async function loadDriver(location?: string): Promise<PgModule> {
  try {
    // Not a literal, or TypeScript would need the types of an optional package.
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
