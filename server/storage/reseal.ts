/** One pass over sealed values, for the domains that keep them. */
import type { Sealed, Vault } from "./vault.ts";

/** What a pass did. */
export interface Resealed {
  /** Values that are under the newest key now and were not before. */
  resealed: number;
  /** Names of values that no configured key opens; they were left as they are. */
  unreadable: string[];
}

/** A value that is not under the newest key, with where it lies. */
export interface SealedValue {
  sealed: Sealed;
  /** What it was sealed for; also its name in messages. */
  context: string;
  /** Puts `next` where `sealed` still lies; false when it was changed meanwhile. */
  replace(next: Sealed): Promise<boolean>;
}

/** Reseals `values` one by one: each is a write of its own, so that it may be interrupted anywhere and repeated. */
export async function resealEach(vault: Vault, values: AsyncIterable<SealedValue>): Promise<Resealed> {
  const outcome: Resealed = { resealed: 0, unreadable: [] };
  for await (const { sealed, context, replace } of values) {
    let next: Sealed;
    try {
      next = vault.reseal(sealed, context);
    } catch {
      outcome.unreadable.push(context);
      continue;
    }
    if (await replace(next)) outcome.resealed += 1;
  }
  return outcome;
}
