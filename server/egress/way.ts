/** One way out of an app: who may come in, what passed, and that no connection outlives it. */
import type { Socket } from "node:net";
import type { EgressEntrance } from "./index.ts";
import type { EgressLimits } from "./limits.ts";
import { createPace, type Pace } from "./pace.ts";
import { createRefusalLog, type RefusalLog } from "./refusal-log.ts";

/** What one app has open and was told, over all of its ways. */
export interface AppUse {
  ways: number;
  connections: number;
  pace: Pace;
  log: RefusalLog;
}

/** What all apps have open together. */
export interface AllUse {
  apps: Map<string, AppUse>;
  connections: number;
}

export interface WayOptions {
  appId: string;
  limits: EgressLimits;
  all: AllUse;
  /** Makes what serves the connections of an app; `surplus`: one too many, to be told so. */
  createService: (use: AppUse) => (socket: Socket, surplus: boolean) => void;
  onClosed: () => void;
}

/** Counts a way in until it is closed. */
export function createWay({ appId, limits, all, createService, onClosed }: WayOptions): EgressEntrance {
  const use = enlist(all, appId, limits);
  const serve = createService(use);
  /** With what was read of each before it came here, such as who it is. */
  const sockets = new Map<Socket, number>();
  const gone = { in: 0, out: 0 };
  const sum = (past: number, of: (socket: Socket) => number): number => [...sockets.keys()].reduce((total, one) => total + of(one), past);
  const readOf = (socket: Socket): number => socket.bytesRead - (sockets.get(socket) ?? 0);

  const count = (socket: Socket): void => {
    sockets.set(socket, socket.bytesRead - socket.readableLength);
    all.connections += 1;
    use.connections += 1;
    socket.once("close", () => {
      gone.in += readOf(socket);
      gone.out += socket.bytesWritten;
      sockets.delete(socket);
      all.connections -= 1;
      use.connections -= 1;
    });
  };
  let closed = false;
  return {
    bytes: {
      get in() {
        return sum(gone.in, readOf);
      },
      get out() {
        return sum(gone.out, (socket) => socket.bytesWritten);
      },
    },
    get connections() {
      return sockets.size;
    },
    take(socket) {
      socket.on("error", () => socket.destroy());
      if (closed || all.connections >= limits.connections || use.connections >= 2 * limits.connectionsPerApp) {
        socket.destroy();
        return false;
      }
      const surplus = use.connections >= limits.connectionsPerApp;
      count(socket);
      // Unread until its turn.
      const wait = use.pace.take();
      if (wait === 0) serve(socket, surplus);
      else {
        const turn = setTimeout(serve, wait, socket, surplus);
        socket.once("close", () => clearTimeout(turn));
      }
      return true;
    },
    close() {
      if (closed) return;
      closed = true;
      for (const socket of sockets.keys()) socket.destroy();
      delist(all, appId, use);
      onClosed();
    },
  };
}

function enlist({ apps }: AllUse, appId: string, limits: EgressLimits): AppUse {
  const known = apps.get(appId);
  const use = known ?? { ways: 0, connections: 0, pace: createPace(limits.turnsPerSecond, limits.turnsAtOnce), log: createRefusalLog() };
  use.ways += 1;
  apps.set(appId, use);
  return use;
}

function delist({ apps }: AllUse, appId: string, use: AppUse): void {
  use.ways -= 1;
  if (use.ways === 0) apps.delete(appId);
}
