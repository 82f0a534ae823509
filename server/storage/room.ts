/** How much room the disk has for what the platform writes: asked before each write of a user, looked up once a second. */
import { statfs } from "node:fs/promises";
import { AppError } from "#core/contract/problem.ts";

/**
 * Kept free: the embedded server's log grows in steps of 16 MB, and a storage engine that cannot write its log gives up altogether,
 * so that reading would end as well.
 */
const reserveBytes = 64 * 1024 * 1024;
const lookEveryMs = 1_000;

export interface Room {
  /** @throws AppError `storage_full`. */
  require(): void;
  stop(): void;
}

/** Watches the disk that `folder` lies on; without one, or where it cannot be asked, there is always room. */
export function watchRoom(folder: string | undefined): Room {
  if (folder === undefined) return { require: () => undefined, stop: () => undefined };
  let freeBytes = Infinity;
  const look = async (): Promise<void> => {
    const { bavail, bsize } = await statfs(folder);
    freeBytes = bavail * bsize;
  };
  const looking = (): void => void look().catch(() => (freeBytes = Infinity));
  looking();
  const timer = setInterval(looking, lookEveryMs).unref();
  return {
    require() {
      if (freeBytes >= reserveBytes) return;
      const [free, reserve] = [freeBytes, reserveBytes].map((bytes) => Math.floor(bytes / 1024 / 1024));
      throw new AppError(
        "storage_full",
        `The platform's disk is full: ${free} MB are free, and ${reserve} MB are kept for the database. Nothing was changed. Apps go on running, and reading and deleting still work: delete what is not needed, or ask the administrator for more room.`,
        { retryAfterSeconds: 30 },
      );
    },
    stop: () => clearInterval(timer),
  };
}
