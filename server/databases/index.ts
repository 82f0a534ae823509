/**
 * Users' databases: made on first use, each with credentials of its own that can do nothing outside it.
 * Guarantees: credentials are stored encrypted; every read is scoped by owner. Talks to users' databases by the native driver only.
 */
export { createDatabases } from "./databases.ts";
export { resealDatabasePasswords } from "./reseal.ts";

import type { DatabaseStats } from "#core/contract/app.ts";

export interface DatabaseRef {
  id: string;
  name: string;
}
export interface DatabaseCredentials {
  /** The physical name. */
  name: string;
  username: string;
  password: string;
}
export interface Databases {
  /** The user's default database, made with its MongoDB user when there is none. */
  ensureDefault(ownerId: string): Promise<DatabaseRef>;
  list(ownerId: string): Promise<(DatabaseRef & { default: boolean })[]>;
  find(ownerId: string, databaseId: string): Promise<DatabaseRef | null>;
  stats(ownerId: string, databaseId: string): Promise<DatabaseStats>;
  /** For the runtime only. */
  credentials(databaseId: string): Promise<DatabaseCredentials>;
  /** The same for a wake: from a copy in memory where one is kept. */
  recallCredentials(databaseId: string): Promise<DatabaseCredentials>;
  /** Keeps copies for `recallCredentials`, right by a watch, until `signal` aborts. */
  keepCopies(signal: AbortSignal): void;
}
