/** From a host to a connection: resolved once, every address checked, and connected to what was checked, never to the name. */
import { Resolver } from "node:dns/promises";
import { networkInterfaces } from "node:os";
import { connect, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { isPublicAddress, type EgressReason, type Target } from "./policy.ts";

/** All addresses of a name. Rejects or answers none when it has none. */
export type Resolve = (name: string) => Promise<readonly string[]>;

export type Dialled =
  | { socket: Socket }
  | { refused: Extract<EgressReason, "address_not_allowed"> }
  | { failed: "name_not_found" | "connect_timeout" | "aborted" }
  | { failed: "connect_failed"; code: string };

export interface DialOptions {
  resolve: Resolve;
  isAllowedAddress: (address: string) => boolean;
  limits: { resolveMs: number; connectMs: number };
}

/** A name with more is tried no further: each costs the app its patience and us a socket. */
const mostAddresses = 6;

/** Connects to `target`. Aborted by `signal`, it leaves nothing open. */
export async function dial(target: Target, options: DialOptions, signal: AbortSignal): Promise<Dialled> {
  const found = target.isAddress ? [target.name] : await lookUp(target.name, options, signal);
  if (signal.aborted) return { failed: "aborted" };
  if (found.length === 0) return { failed: "name_not_found" };
  const allowed = found.filter(options.isAllowedAddress);
  if (allowed.length === 0) return { refused: "address_not_allowed" };
  let last: Dialled = { failed: "connect_timeout" };
  const until = performance.now() + options.limits.connectMs;
  const tried = allowed.slice(0, mostAddresses);
  for (const [index, address] of tried.entries()) {
    // The rest of the time is shared by those that are left, so that one that is silent does not cost the others their try.
    const ms = (until - performance.now()) / (tried.length - index);
    if (ms <= 0) break;
    last = await open(address, target.port, ms, signal);
    if ("socket" in last || signal.aborted) break;
  }
  return last;
}

async function lookUp(name: string, { resolve, limits }: DialOptions, signal: AbortSignal): Promise<readonly string[]> {
  const timer = new AbortController();
  const given = AbortSignal.any([signal, timer.signal]);
  const none = (): readonly string[] => [];
  try {
    return await Promise.race([resolve(name).catch(none), delay(limits.resolveMs, [], { signal: given, ref: false }).catch(none)]);
  } finally {
    timer.abort();
  }
}

function open(address: string, port: number, ms: number, signal: AbortSignal): Promise<Dialled> {
  return new Promise((settle) => {
    const socket = connect({ host: address, port, noDelay: true, allowHalfOpen: true });
    const end = (result: Dialled): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", abort);
      socket.off("error", fail);
      if ("failed" in result) socket.on("error", () => undefined).destroy();
      settle(result);
    };
    const abort = (): void => end({ failed: "aborted" });
    const fail = (error: NodeJS.ErrnoException): void => end({ failed: "connect_failed", code: error.code ?? "unknown" });
    const timer = setTimeout(() => end({ failed: "connect_timeout" }), ms);
    signal.addEventListener("abort", abort, { once: true });
    socket.once("error", fail).once("connect", () => end({ socket }));
    if (signal.aborted) abort();
  });
}

/**
 * The machine's name servers, asked by c-ares: names that app after app makes up for a slow server cannot take the threads that the
 * platform reads its files with, as `getaddrinfo` would. `/etc/hosts` and search domains, where inner names live, do not count.
 */
export function createResolve(): Resolve {
  const resolver = new Resolver({ timeout: 2_000, tries: 2 });
  return async (name) => {
    const answers = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)]);
    // IPv4 first: where a machine has broken IPv6, nothing waits for it.
    return answers.flatMap((answer) => (answer.status === "fulfilled" ? answer.value : []));
  };
}

/** How long the list of this machine's own addresses is believed. */
const ownMs = 10_000;

/** Public, and not this machine: what listens on its outer address for others, a firewall before it may keep from all but us. */
export function createAddressCheck(): (address: string) => boolean {
  let own = new Set<string>();
  let until = 0;
  return (address) => {
    if (!isPublicAddress(address)) return false;
    if (performance.now() >= until) {
      own = new Set(Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map((entry) => entry.address)));
      until = performance.now() + ownMs;
    }
    return !own.has(address);
  };
}
