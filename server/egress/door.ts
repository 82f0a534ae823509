/**
 * The listening socket of one instance. The platform's process serves all apps, so one that connects in a loop must cost little:
 * connections beyond the bound are dropped, and when many are dropped the door is shut for a while, since a kernel that refuses
 * costs nobody else anything.
 */
import { chownSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";

export interface DoorOptions {
  path: string;
  owner: number | null;
  /** Serves a connection that nobody has read from yet; false when it was dropped. */
  take: (socket: Socket) => boolean;
  onError: (error: Error) => void;
}

export interface Door {
  close(): void;
}

/** So many dropped within the time that it is shut for are no accident. */
const mostDropped = 50;
const shutMs = 1_000;

/** Listens at `path`. @throws the system's error when it cannot. */
export async function openDoor(options: DoorOptions): Promise<Door> {
  let server: Server | null = null;
  let reopening: NodeJS.Timeout | undefined;
  let closed = false;
  let dropped = 0;
  let droppedSince = 0;

  const countDropped = (): void => {
    const now = performance.now();
    if (now - droppedSince > shutMs) [dropped, droppedSince] = [0, now];
    dropped += 1;
    if (dropped < mostDropped || server === null) return;
    server.close();
    server = null;
    reopening = setTimeout(() => void open().catch(options.onError), shutMs).unref();
  };
  const open = async (): Promise<void> => {
    const opened = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) => {
      if (!options.take(socket)) countDropped();
    });
    rmSync(options.path, { force: true });
    await new Promise<void>((resolve, reject) => {
      opened.once("error", reject);
      opened.listen(options.path, resolve);
    });
    opened.on("error", options.onError);
    if (closed) return void opened.close();
    if (options.owner !== null) chownSync(options.path, options.owner, options.owner);
    [server, dropped] = [opened, 0];
  };
  await open();
  return {
    close() {
      closed = true;
      clearTimeout(reopening);
      server?.close();
      server = null;
    },
  };
}
