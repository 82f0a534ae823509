/** Chance that can be had again: the same seed draws the same numbers. */
export interface Random {
  /** From 0 up to, and without, `below`. */
  integer(below: number): number;
  /** One of `items`. @throws Error when there is none. */
  pick<Item>(items: readonly Item[]): Item;
  /** One of the keys, as often as its weight says. */
  weighted<Key extends string>(weights: Readonly<Record<Key, number>>): Key;
}

/** mulberry32: four lines, and even enough to choose victims. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const integer = (below: number): number => Math.floor(next() * below);
  return {
    integer,
    pick(items) {
      if (items.length === 0) throw new Error("nothing to pick from");
      return items[integer(items.length)]!;
    },
    weighted<Key extends string>(weights: Readonly<Record<Key, number>>) {
      const entries = Object.entries(weights) as [Key, number][];
      let left = next() * entries.reduce((sum, [, weight]) => sum + weight, 0);
      for (const [key, weight] of entries) {
        left -= weight;
        if (left < 0) return key;
      }
      return entries.at(-1)![0];
    },
  };
}
