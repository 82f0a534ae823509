/**
 * Users' databases: made on first use, each with credentials of its own that can do nothing outside it.
 * Guarantees: credentials are stored encrypted; every read is scoped by owner. Talks to users' databases by the native driver only.
 */
export { createDatabases } from "./databases.ts";
export { createDatabaseCopies, type DatabaseCopies } from "./copies.ts";
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
  /** Those that apps can be bound to. */
  list(ownerId: string): Promise<(DatabaseRef & { default: boolean })[]>;
  find(ownerId: string, databaseId: string): Promise<DatabaseRef | null>;
  /** The database in which drafts of apps that are bound to `databaseId` are tried; null when there is none yet. */
  findDraft(ownerId: string, databaseId: string): Promise<DatabaseRef | null>;
  /** The same, made empty with credentials of its own when there is none. @throws AppError `not_found`. */
  ensureDraft(ownerId: string, databaseId: string): Promise<DatabaseRef>;
  /** Removes such a database with its data and its MongoDB user. Any other, and one that is gone, stays as it is. */
  removeDraft(databaseId: string): Promise<void>;
  /** Bytes of one database, a draft's too; without its collections, which take a question each. @throws AppError `not_found`. */
  sizeBytes(ownerId: string, databaseId: string): Promise<number>;
  /** Bytes of all databases of a user, drafts' too: what the quota counts. */
  usedBytes(ownerId: string): Promise<number>;
  stats(ownerId: string, databaseId: string): Promise<DatabaseStats>;
  /** For the runtime only. */
  credentials(databaseId: string): Promise<DatabaseCredentials>;
  /** The same for a wake: from a copy in memory where one is kept. */
  recallCredentials(databaseId: string): Promise<DatabaseCredentials>;
  /** Keeps copies for `recallCredentials`, right by a watch, until `signal` aborts. */
  keepCopies(signal: AbortSignal): void;
}
