/** One instance's way out: who may come in, what passed, and that no connection outlives it. */
import type { Socket } from "node:net";
import { openDoor } from "./door.ts";
import type { EgressWay } from "./index.ts";
import type { EgressLimits } from "./limits.ts";
import { createPace, type Pace } from "./pace.ts";
import { createRefusalLog, type RefusalLog } from "./refusal-log.ts";

/** What one app has open and was told, over all of its instances. */
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
  path: string;
  owner: number | null;
  appId: string;
  limits: EgressLimits;
  all: AllUse;
  /** Makes what serves the connections of an app; `surplus`: one too many, to be told so. */
  createService: (use: AppUse) => (socket: Socket, surplus: boolean) => void;
  onError: (error: Error) => void;
}

/** Listens at `path`. @throws the system's error when it cannot; nothing is counted then. */
export async function openWay({ path, owner, appId, limits, all, createService, onError }: WayOptions): Promise<EgressWay> {
  const use = enlist(all, appId, limits);
  const serve = createService(use);
  const sockets = new Map<Socket, { surplus: boolean }>();
  const gone = { in: 0, out: 0 };
  const sum = (past: number, of: "bytesRead" | "bytesWritten"): number =>
    [...sockets.keys()].reduce((total, socket) => total + socket[of], past);

  const admit = (socket: Socket): boolean => {
    if (all.connections >= limits.connections || use.connections >= 2 * limits.connectionsPerApp) return false;
    sockets.set(socket, { surplus: use.connections >= limits.connectionsPerApp });
    all.connections += 1;
    use.connections += 1;
    socket.once("close", () => {
      sockets.delete(socket);
      all.connections -= 1;
      use.connections -= 1;
      gone.in += socket.bytesRead;
      gone.out += socket.bytesWritten;
    });
    return true;
  };
  const door = await openDoor({
    path,
    owner,
    admit,
    turn: use.pace.take,
    onConnection: (socket) => serve(socket, sockets.get(socket)?.surplus ?? true),
    onError,
  }).catch((error: unknown) => {
    delist(all, appId, use);
    throw error;
  });
  let closed = false;
  return {
    bytes: {
      get in() {
        return sum(gone.in, "bytesRead");
      },
      get out() {
        return sum(gone.out, "bytesWritten");
      },
    },
    close() {
      if (closed) return;
      closed = true;
      door.close();
      for (const socket of sockets.keys()) socket.destroy();
      delist(all, appId, use);
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
