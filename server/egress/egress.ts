import type { Socket } from "node:net";
import type { EgressRules } from "#core/egress-rules.ts";
import { createAppTunnels } from "./app-tunnel.ts";
import { createAddressCheck, createResolve, dial, type Dialled, type DialOptions } from "./dial.ts";
import { openDoor } from "./door.ts";
import type { Egress, EgressEntrance, EgressOptions, EgressWay } from "./index.ts";
import { defaultLimits, type EgressLimits } from "./limits.ts";
import { isAppHost, judgeTarget, type EgressReason, type Target } from "./policy.ts";
import { createProxy, type Guide, type Led } from "./proxy.ts";
import { failures, refuse, type Refusal } from "./refusal.ts";
import { createWay, type AllUse, type AppUse } from "./way.ts";

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
  const all: AllUse = { apps: new Map(), connections: 0 };
  const open = new Set<EgressWay>();
  const dialGateway = createGatewayDialler(options, trusting);
  const tunnels = createAppTunnels(dialGateway, limits);

  const guideFor = (appId: string, use: AppUse): Guide => ({
    turn: use.pace.take,
    async lead(target, tunnel, surplus, signal) {
      const rules = options.rules();
      const refused = (reason: EgressReason): Led => ({ refusal: tellRefusal(options, { appId, use, target, reason, rules, limits }) });
      if (surplus) return refused("too_many_connections");
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

  const enter = (appId: string): EgressEntrance => {
    const createService = (use: AppUse) => createProxy(guideFor(appId, use), tunnels, limits);
    const way = createWay({ appId, limits, all, createService, onClosed: () => open.delete(way) });
    open.add(way);
    return way;
  };

  return {
    enter,
    async open(path, { appId, owner }) {
      const inside = enter(appId);
      const onError = (error: Error): void => options.logger.error("the way out of an app failed", { appId, error });
      const door = await openDoor({ path, owner, take: inside.take, onError }).catch((error: unknown) => {
        inside.close();
        throw error;
      });
      const way: EgressWay = {
        bytes: inside.bytes,
        close() {
          open.delete(way);
          door.close();
          inside.close();
        },
      };
      open.add(way);
      return way;
    },
    close() {
      for (const way of open) way.close();
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
