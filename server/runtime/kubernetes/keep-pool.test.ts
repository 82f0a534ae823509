import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { instanceLimits } from "#core/limits.ts";
import type { PodView } from "./app-view.ts";
import { keepPool } from "./keep-pool.ts";
import { makePod } from "./views.test-part.ts";

const warm = (name: string, changes: Partial<PodView> = {}): PodView =>
  makePod({ name, component: "pool", appId: null, state: "warm", ...changes });

describe("the pool's size", () => {
  let pods: PodView[];
  let sizes: number[];
  let look: (appId: string | null) => void;
  const stop = new AbortController();

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
    pods = [];
    sizes = [];
    const cluster = {
      pods: () => pods,
      isClaimed: (uid: string) => pods.some((pod) => pod.uid === uid && pod.state !== "warm"),
      isolation: () => ({ level: "sandbox" as const, limits: "cgroup" as const, detail: "" }),
      applyPool: async (size: number) => void sizes.push(size),
      onChange: (listener: typeof look) => ((look = listener), () => {}),
    };
    keepPool({ cluster, warmPool: 1, warmPoolMemoryMiB: 2_048, poolLimits: instanceLimits, logger: { warn: () => {} } }, stop.signal);
  });
  afterEach(() => vi.useRealTimers());

  /** One wake each second, its pod replaced by one that needs `startMs`. */
  const wakeEachSecond = async (times: number, startMs: number): Promise<void> => {
    pods = [warm("p0")];
    look(null);
    for (let turn = 1; turn <= times; turn += 1) {
      pods = [
        ...pods.map((pod) => (pod.state === "warm" ? { ...pod, state: "serving" as const } : pod)),
        warm(`p${turn}`, { ready: false }),
      ];
      look(null);
      await vi.advanceTimersByTimeAsync(startMs);
      pods = pods.map((pod) => ({ ...pod, ready: true }));
      look(null);
      await vi.advanceTimersByTimeAsync(Math.max(0, 1_000 - startMs));
    }
  };

  it("holds what is taken while the next one starts: more where pods start slowly", async () => {
    await wakeEachSecond(6, 990);
    const slow = Math.max(...sizes);
    expect(slow).toBeGreaterThanOrEqual(3);
    // Back at its least when nothing was taken for the time that a burst counts.
    await vi.advanceTimersByTimeAsync(61_000);
    expect(sizes.at(-1)).toBe(1);
  });

  it("is little more than the least where they start at once", async () => {
    await wakeEachSecond(6, 20);
    expect(Math.max(...sizes)).toBe(2);
  });
});
