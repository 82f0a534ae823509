import { AppError } from "#core/contract/problem.ts";
import type { Lease } from "./leases.ts";

export interface HeldLease {
  /** Aborts when somebody else has the lease now. */
  readonly lost: AbortSignal;
  /** @throws AppError `conflict` when the lease is not ours any more. To be asked right before what only its holder may do. */
  require(): Promise<void>;
  end(): void;
}

/**
 * Keeps a lease of `leaseMs` from running out; `lostWords` tell the person what it means that it did. A process that was stopped for longer than that, or had no database, asks before it
 * acts on; while the last renewal is recent, asking costs nothing.
 */
export function holdLease(lease: Pick<Lease, "renew">, leaseMs: number, lostWords: string): HeldLease {
  const lost = new AbortController();
  let renewedAt = performance.now();
  const renew = async (): Promise<void> => {
    const askedAt = performance.now();
    if (await lease.renew()) renewedAt = askedAt;
    else lost.abort(new AppError("conflict", lostWords));
  };
  const beat = setInterval(() => void renew().catch(() => undefined), leaseMs / 3);
  return {
    lost: lost.signal,
    async require() {
      // Half of it, for the clocks of two processes are not one.
      if (performance.now() - renewedAt > leaseMs / 2) await renew();
      lost.signal.throwIfAborted();
    },
    end: () => clearInterval(beat),
  };
}
