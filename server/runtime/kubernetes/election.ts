/**
 * One process of several does what goes on by itself: whoever holds a Lease of the cluster. Guarantees: two never lead at once as long as
 * their clocks run equally fast, whatever they show; who cannot renew stops before another may begin.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { ClusterClient } from "./client.ts";
import type { Lease } from "./client-resources.ts";
import { labels, managedBy } from "./names.ts";

export interface LeadershipOptions {
  client: ClusterClient;
  /** The Lease's name; one leader each. */
  name: string;
  /** Who we are: the pod's name and something that a restart changes. */
  identity: string;
  /** Leads until its signal aborts; another may begin only when it has ended or the lease ran out. When it ends by itself, leadership is given up. */
  onLead(signal: AbortSignal): Promise<void>;
  /** Hears that the lease could not be asked for, once for each time that begins. */
  onAway?(error: Error): void;
  /** Others wait so long after the last renewal that they saw. */
  leaseMs?: number;
  /** Who has not renewed for so long stops leading. Less than the lease, by more than a call may take. */
  renewDeadlineMs?: number;
  retryMs?: number;
}

/** What was last seen of the Lease, and when by our own clock: another's clock is never compared with ours. */
interface Observed {
  mark: string;
  at: number;
}

/** Stands for leadership, again after each loss, until `signal` aborts; then gives the lease back, so that the next need not wait. */
export async function holdLeadership(options: LeadershipOptions, signal: AbortSignal): Promise<void> {
  const { leaseMs = 15_000, renewDeadlineMs = 10_000, retryMs = 2_000 } = options;
  const lease = createLeaseKeeper(options, leaseMs);
  const pause = (): Promise<void> => delay(retryMs * (0.9 + Math.random() * 0.2), undefined, { signal, ref: false }).catch(() => undefined);
  while (!signal.aborted) {
    const heldSince = await lease.tryHold(signal, renewDeadlineMs);
    if (heldSince !== null) await lead(options, lease, { heldSince, renewDeadlineMs, retryMs }, signal);
    await pause();
  }
}

async function lead(
  options: LeadershipOptions,
  lease: LeaseKeeper,
  { heldSince, renewDeadlineMs, retryMs }: { heldSince: number; renewDeadlineMs: number; retryMs: number },
  signal: AbortSignal,
): Promise<void> {
  const lost = new AbortController();
  const leading = AbortSignal.any([signal, lost.signal]);
  const duties = options.onLead(leading).finally(() => lost.abort());
  // What it throws is for the caller, below; until then nobody waits for it.
  duties.catch(() => undefined);
  let renewedAt = heldSince;
  while (!leading.aborted) {
    await delay(retryMs, undefined, { signal: leading, ref: false }).catch(() => undefined);
    if (leading.aborted) break;
    const leftMs = renewedAt + renewDeadlineMs - performance.now();
    if (leftMs <= 0) break;
    renewedAt = (await lease.tryHold(leading, leftMs)) ?? renewedAt;
    if (lease.isAnothers) break;
  }
  lost.abort();
  await duties.finally(() => lease.release());
}

interface LeaseKeeper {
  /**
   * Takes or renews the lease. Returns when that was begun (`performance.now()`), since an answer may be late and others count from the
   * moment it was written; null when it is another's or nothing was heard. Never throws.
   */
  tryHold(signal: AbortSignal, deadlineMs: number): Promise<number | null>;
  /** Somebody else holds it, by what was last heard. */
  readonly isAnothers: boolean;
  /** Gives it back, if it is ours and the cluster is there. */
  release(): Promise<void>;
}

function createLeaseKeeper({ client, name, identity, onAway }: LeadershipOptions, leaseMs: number): LeaseKeeper {
  let known: Lease | null = null;
  let observed: Observed = { mark: "", at: 0 };
  let isAway = false;

  const observe = (lease: Lease): Lease => {
    const mark = `${lease.spec?.holderIdentity} ${lease.spec?.renewTime}`;
    if (mark !== observed.mark) observed = { mark, at: performance.now() };
    return (known = lease);
  };
  const toLease = (before: Lease | null): Lease => {
    const now = new Date().toISOString().replace("Z", "000Z"); // MicroTime has six digits
    const isOurs = before?.spec?.holderIdentity === identity;
    return {
      apiVersion: "coordination.k8s.io/v1",
      kind: "Lease",
      metadata: before?.metadata ?? { name, namespace: client.namespace, labels: { [labels.managedBy]: managedBy } },
      spec: {
        holderIdentity: identity,
        leaseDurationSeconds: Math.max(1, Math.round(leaseMs / 1_000)),
        acquireTime: isOurs ? (before?.spec?.acquireTime ?? now) : now,
        renewTime: now,
        leaseTransitions: (before?.spec?.leaseTransitions ?? 0) + (isOurs || !before ? 0 : 1),
      },
    };
  };
  const isFree = (lease: Lease): boolean => {
    const holder = lease.spec?.holderIdentity ?? "";
    return holder === "" || holder === identity || performance.now() - observed.at > leaseMs;
  };
  const hold = async (signal: AbortSignal): Promise<boolean> => {
    // Read each time: what is written must be on top of what is there, and a foreign holder is judged by whether it moves.
    const found = await client.get("leases", name, { signal });
    if (found && !isFree(observe(found))) return false;
    const written = found ? await client.replace(toLease(found), { signal }) : await client.create(toLease(null), { signal });
    if (!written) return false;
    observe(written);
    return true;
  };

  return {
    async tryHold(signal, deadlineMs) {
      const begun = performance.now();
      const within = AbortSignal.any([signal, AbortSignal.timeout(Math.max(1, Math.ceil(deadlineMs)))]);
      try {
        const held = await hold(within);
        isAway = false;
        return held ? begun : null;
      } catch (error) {
        if (!signal.aborted && !isAway) onAway?.(error as Error);
        isAway = true;
        return null;
      }
    },
    get isAnothers() {
      const holder = known?.spec?.holderIdentity ?? "";
      return holder !== "" && holder !== identity;
    },
    async release() {
      if (known?.spec?.holderIdentity !== identity) return;
      const before = known;
      known = null;
      // Lost to nobody: whoever comes next waits for the lease to run out instead.
      await client.replace({ ...before, spec: { ...before.spec, holderIdentity: "" } }).catch(() => undefined);
    },
  };
}
