/**
 * The listening socket of one instance. The platform's process serves all apps, so one that connects in a loop must cost little:
 * connections beyond the pace wait unread for their turn, those beyond the bound are dropped, and when many are dropped the door is
 * shut for a while, since a kernel that refuses costs nobody else anything.
 */
import { chownSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";

export interface DoorOptions {
  path: string;
  owner: number | null;
  /** Whether there is room for one more; counted until the socket closes. */
  admit: (socket: Socket) => boolean;
  /** Milliseconds until the turn of the next connection. */
  turn: () => number;
  onConnection: (socket: Socket) => void;
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

  const drop = (socket: Socket): void => {
    socket.destroy();
    const now = performance.now();
    if (now - droppedSince > shutMs) [dropped, droppedSince] = [0, now];
    dropped += 1;
    if (dropped < mostDropped || server === null) return;
    server.close();
    server = null;
    reopening = setTimeout(() => void open().catch(options.onError), shutMs).unref();
  };
  const enter = (socket: Socket): void => {
    socket.on("error", () => socket.destroy());
    if (!options.admit(socket)) return drop(socket);
    const wait = options.turn();
    if (wait === 0) return options.onConnection(socket);
    const turn = setTimeout(() => options.onConnection(socket), wait);
    socket.once("close", () => clearTimeout(turn));
  };
  const open = async (): Promise<void> => {
    const opened = createServer({ allowHalfOpen: true, pauseOnConnect: true }, enter);
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
