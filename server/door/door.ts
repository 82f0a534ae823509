import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import type { Egress, EgressEntrance } from "#server/egress/index.ts";
import { createForwarding, type Forwarding, type MongoTarget } from "#server/runtime/forwarder.ts";
import { mostLineBytes, readPreamble } from "./preamble.ts";

export interface DoorOptions {
  /** 0: any free one. */
  port: number;
  host: string;
  /** What credentials are made with. */
  key: string;
  egress: Pick<Egress, "enter">;
  mongo: MongoTarget;
  logger: { warn(message: string, fields?: Record<string, unknown>): void };
  /** How long a connection may take to say its line; 5 s. */
  lineMs?: number;
  /** How long an app's limits and counts are remembered after its last connection; 10 min. */
  forgetMs?: number;
}

export interface DoorBytes {
  in: number;
  out: number;
}

export interface Door {
  /** The port that is listened at. */
  readonly port: number;
  /** Bytes from and to an app since this process has known it. */
  bytes(appId: string): { egress: DoorBytes; mongo: DoorBytes };
  /** No new connections; resolves when no way to the outside is open any more, or after `graceMs`. Databases' pools never end by themselves. */
  drain(graceMs: number): Promise<void>;
  close(): void;
}

/** A pod on the same node connects in under a millisecond, and writes its line with the first packet. */
const lineMs = 5_000;
/** Connections that have not said their line: of all, and of one address, behind which a node's network may hide all of its pods. */
const mostWaiting = 2_000;
const mostWaitingOfOne = 200;
/** Two descriptors each. */
const mostConnections = 16_000;
const forgetMs = 600_000;
const sayEveryMs = 10_000;
const keepAliveMs = 60_000;
const lookEveryMs = 100;

interface AppWays {
  egress: EgressEntrance;
  mongo: Forwarding;
  usedAt: number;
}

/** Listens. @throws the system's error when it cannot. */
export async function createDoor(options: DoorOptions): Promise<Door> {
  const apps = new Map<string, AppWays>();
  const sockets = new Set<Socket>();
  const waiting = createWaiting();
  const refuse = createRefuse(options.logger);

  const waysOf = (appId: string): AppWays => {
    const known = apps.get(appId);
    const ways = known ?? { egress: options.egress.enter(appId), mongo: createForwarding(options.mongo), usedAt: 0 };
    ways.usedAt = performance.now();
    if (!known) apps.set(appId, ways);
    return ways;
  };
  const serve = (socket: Socket, text: string): void => {
    const asked = readPreamble(text, options.key);
    if (asked === null) return refuse(socket, "its line or credential is not right");
    waysOf(asked.appId)[asked.service].take(socket);
  };
  const enter = (socket: Socket): void => {
    socket.on("error", () => socket.destroy());
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    const leave = sockets.size > mostConnections ? null : waiting.enter(socket.remoteAddress ?? "");
    if (leave === null) return refuse(socket, "too many connections");
    readLine(socket, options.lineMs ?? lineMs, leave, (text) => serve(socket, text), refuse);
  };
  const forget = (): void => {
    const old = performance.now() - (options.forgetMs ?? forgetMs);
    for (const [appId, ways] of apps) {
      if (ways.egress.connections + ways.mongo.connections > 0) ways.usedAt = performance.now();
      if (ways.usedAt > old) continue;
      ways.egress.close();
      apps.delete(appId);
    }
  };
  const forgetting = setInterval(forget, Math.min(60_000, options.forgetMs ?? forgetMs)).unref();
  const server = await listen(options, enter);
  return {
    port: (server.address() as AddressInfo).port,
    bytes(appId) {
      const ways = apps.get(appId);
      const none = { in: 0, out: 0 };
      return ways ? { egress: copy(ways.egress.bytes), mongo: copy(ways.mongo.bytes) } : { egress: none, mongo: { ...none } };
    },
    async drain(graceMs) {
      server.close();
      const until = performance.now() + graceMs;
      const isOpen = (): boolean => [...apps.values()].some(({ egress }) => egress.connections > 0);
      while (isOpen() && performance.now() < until) await delay(lookEveryMs);
    },
    close() {
      clearInterval(forgetting);
      server.close();
      for (const socket of sockets) socket.destroy();
      for (const { egress, mongo } of apps.values()) {
        egress.close();
        mongo.close();
      }
      apps.clear();
    },
  };
}

const copy = ({ in: read, out }: DoorBytes): DoorBytes => ({ in: read, out });

/** Takes the first line off `socket` and puts back what came behind it. Once, whatever happens: `leave`. */
function readLine(
  socket: Socket,
  withinMs: number,
  leave: () => void,
  onLine: (text: string) => void,
  refuse: (socket: Socket, why: string) => void,
): void {
  let read = Buffer.alloc(0);
  const end = (): void => {
    clearTimeout(late);
    socket.off("readable", onReadable).off("end", onEnd).off("close", end);
    leave();
  };
  const onEnd = (): void => {
    end();
    // A probe of the port, or a client that changed its mind: nothing to tell anybody.
    socket.destroy();
  };
  const onReadable = (): void => {
    for (let chunk = socket.read() as Buffer | null; chunk !== null; chunk = socket.read() as Buffer | null) {
      read = Buffer.concat([read, chunk]);
      const at = read.subarray(0, mostLineBytes).indexOf(10);
      if (at === -1 && read.length < mostLineBytes) continue;
      end();
      if (at === -1) return refuse(socket, "its first line is too long");
      // Nobody reads until whoever serves it does: what is put back stays first.
      socket.pause();
      if (read.length > at + 1) socket.unshift(read.subarray(at + 1));
      return onLine(read.toString("latin1", 0, at));
    }
  };
  const late = setTimeout(() => {
    end();
    refuse(socket, "it said nothing in time");
  }, withinMs);
  socket.on("readable", onReadable).on("end", onEnd).on("close", end);
}

/** Counts who has not said their line yet. */
function createWaiting(): { enter(address: string): (() => void) | null } {
  const byAddress = new Map<string, number>();
  let all = 0;
  return {
    enter(address) {
      const own = byAddress.get(address) ?? 0;
      if (all >= mostWaiting || own >= mostWaitingOfOne) return null;
      all += 1;
      byAddress.set(address, own + 1);
      return () => {
        all -= 1;
        const left = byAddress.get(address)! - 1;
        if (left === 0) byAddress.delete(address);
        else byAddress.set(address, left);
      };
    },
  };
}

/** Ends connections, and says so in the log every now and then: a flood of them must not flood that too. */
function createRefuse({ warn }: DoorOptions["logger"]): (socket: Socket, why: string) => void {
  let saidAt = Number.NEGATIVE_INFINITY;
  let since = 0;
  return (socket, why) => {
    const from = socket.remoteAddress;
    socket.destroy();
    since += 1;
    if (performance.now() - saidAt < sayEveryMs) return;
    warn("A connection was turned away at the door", { from, why, times: since });
    [saidAt, since] = [performance.now(), 0];
  };
}

async function listen({ host, port }: DoorOptions, onConnection: (socket: Socket) => void): Promise<Server> {
  // Kept alive, so that the connections of a node that is gone without a word are let go.
  const server = createServer(
    { allowHalfOpen: true, pauseOnConnect: true, noDelay: true, keepAlive: true, keepAliveInitialDelay: keepAliveMs },
    onConnection,
  );
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, resolve);
  });
  return server;
}
