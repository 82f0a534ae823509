import { chownSync, rmSync } from "node:fs";
import type { Server } from "node:http";
import type { Socket } from "node:net";
import type { EgressRules } from "#core/egress-rules.ts";
import { createAppTunnels } from "./app-tunnel.ts";
import { createAddressCheck, createResolve, dial, type Dialled, type DialOptions } from "./dial.ts";
import type { Egress, EgressOptions, EgressWay } from "./index.ts";
import { defaultLimits, type EgressLimits } from "./limits.ts";
import { isAppHost, judgeTarget, type EgressReason, type Target } from "./policy.ts";
import { createProxyServer, type Guide, type Led } from "./proxy.ts";
import { createRefusalLog, type RefusalLog } from "./refusal-log.ts";
import { failures, refuse, type Refusal } from "./refusal.ts";

/** What one app has open and was told, over all of its instances. */
interface AppUse {
  ways: number;
  connections: number;
  log: RefusalLog;
}

/** Makes the proxy; nothing listens before the first `open`. */
export function createEgress(options: EgressOptions): Egress {
  const limits: EgressLimits = { ...defaultLimits, ...options.limits };
  const dialling: DialOptions = {
    resolve: options.resolve ?? createResolve(),
    isAllowedAddress: options.isAllowedAddress ?? createAddressCheck(),
    limits,
  };
  const trusting: DialOptions = { ...dialling, isAllowedAddress: () => true };
  const front = new URL(options.publicUrl);
  const uses = new Map<string, AppUse>();
  const ways = new Set<EgressWay>();
  let connections = 0;
  const dialGateway = createGatewayDialler(options, trusting);
  const tunnels = createAppTunnels(dialGateway, limits);

  const guideFor = (appId: string, use: AppUse, surplus: WeakSet<Socket>): Guide => ({
    async lead(target, tunnel, client, signal) {
      const rules = options.rules();
      const refused = (reason: EgressReason): Led => ({ refusal: tellRefusal(options, { appId, use, target, reason, rules, limits }) });
      if (surplus.has(client)) return refused("too_many_connections");
      if (isAppHost(target.name, options.appsDomain, front.hostname)) {
        if (!tunnel) return leadToGateway(target, signal);
        // TLS ends at what stands before this platform. The name is the administrator's, so it may lead to this machine too.
        if (endsTls(front, target)) return toLed(target, await dial(target, trusting, signal), true, refused);
        return { socket: null, forApp: true };
      }
      const reason = judgeTarget(rules, target, dialling.isAllowedAddress);
      return reason === null ? toLed(target, await dial(target, dialling, signal), false, refused) : refused(reason);
    },
  });
  const leadToGateway = async (target: Target, signal: AbortSignal): Promise<Led> => {
    const socket = await dialGateway(signal);
    return socket === null ? { refusal: failures.unavailable(target) } : { socket, forApp: true };
  };

  return {
    async open(socketPath, { appId, owner }) {
      const use = uses.get(appId) ?? { ways: 0, connections: 0, log: createRefusalLog() };
      uses.set(appId, use);
      use.ways += 1;
      const surplus = new WeakSet<Socket>();
      const server = createProxyServer(guideFor(appId, use, surplus), tunnels, limits);
      const way = track(server, {
        admit(socket) {
          if (connections >= limits.connections || use.connections >= 2 * limits.connectionsPerApp) return false;
          if (use.connections >= limits.connectionsPerApp) surplus.add(socket);
          connections += 1;
          use.connections += 1;
          return true;
        },
        left() {
          connections -= 1;
          use.connections -= 1;
        },
        closed() {
          ways.delete(way);
          use.ways -= 1;
          if (use.ways === 0) uses.delete(appId);
        },
      });
      ways.add(way);
      try {
        await listen(server, socketPath, owner);
      } catch (error) {
        way.close();
        throw error;
      }
      server.on("error", (error) => options.logger.error("the way out of an app failed", { appId, error }));
      return way;
    },
    close() {
      for (const way of ways) way.close();
      tunnels.close();
    },
  };
}

/** Counts, tells the owner, and gives the answer. */
function tellRefusal(
  options: EgressOptions,
  about: { appId: string; use: AppUse; target: Target; reason: EgressReason; rules: EgressRules; limits: EgressLimits },
): Refusal {
  const { appId, use, target, reason, rules, limits } = about;
  const refusal = refuse(reason, target, rules.ports, limits.connectionsPerApp);
  // Alike is what the same change would allow; of too many connections one line is enough, whatever they were for.
  const key = reason === "too_many_connections" ? reason : `${reason} ${target.name}:${target.port}`;
  const line = use.log.tell(key, refusal.words);
  options.onRefused({ appId, host: target.name, port: target.port, reason, setting: refusal.setting, line });
  return refusal;
}

const endsTls = (front: URL, { port }: Target): boolean => front.protocol === "https:" && port === Number(front.port || 443);

function toLed(target: Target, dialled: Dialled, forApp: boolean, refused: (reason: EgressReason) => Led): Led {
  if ("socket" in dialled) return { socket: dialled.socket, forApp };
  if ("refused" in dialled) return refused(dialled.refused);
  if (dialled.failed === "connect_failed") return { refusal: failures.connectFailed(target, dialled.code) };
  return { refusal: dialled.failed === "name_not_found" ? failures.nameNotFound(target) : failures.connectTimeout(target) };
}

function createGatewayDialler({ gateway }: EgressOptions, trusting: DialOptions): (signal: AbortSignal) => Promise<Socket | null> {
  return async (signal) => {
    const address = gateway();
    if (address === null) return null;
    const dialled = await dial({ name: address.host, port: address.port, isAddress: true }, trusting, signal);
    return "socket" in dialled ? dialled.socket : null;
  };
}

interface Accounts {
  admit(socket: Socket): boolean;
  left(): void;
  closed(): void;
}

/** Follows the connections of `server`: how many there are, what passed, and that none outlives it. */
function track(server: Server, accounts: Accounts): EgressWay {
  const sockets = new Set<Socket>();
  const gone = { in: 0, out: 0 };
  let closed = false;
  server.on("connection", (socket: Socket) => {
    if (closed || !accounts.admit(socket)) return void socket.destroy();
    sockets.add(socket);
    socket.once("close", () => {
      sockets.delete(socket);
      accounts.left();
      gone.in += socket.bytesRead;
      gone.out += socket.bytesWritten;
    });
  });
  const sum = (past: number, of: "bytesRead" | "bytesWritten"): number => [...sockets].reduce((total, socket) => total + socket[of], past);
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
      server.close();
      for (const socket of sockets) socket.destroy();
      accounts.closed();
    },
  };
}

async function listen(server: Server, socketPath: string, owner: number | null): Promise<void> {
  rmSync(socketPath, { force: true });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(socketPath, () => {
      server.off("error", reject);
      resolve();
    });
  });
  if (owner !== null) chownSync(socketPath, owner, owner);
}
