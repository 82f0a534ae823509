import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { instanceLimits } from "#core/limits.ts";
import type { PodView } from "./app-view.ts";
import { keepPool } from "./keep-pool.ts";
import { makePod } from "./views.test-part.ts";

const warm = (name: string, changes: Partial<PodView> = {}): PodView =>
  makePod({ name, component: "pool", appId: null, state: "warm", ...changes });
const gated = (name: string): PodView => warm(name, { ready: false, gated: true });
/** A warm pod that was claimed and has not joined the ReplicaSet of its app. */
const claimed = (name: string): PodView => makePod({ name, state: "serving", adopted: true, owned: false });

let pods: PodView[];
let sizes: number[];
let released: string[];
let warnings: string[];
let refuses: boolean;
let look: (appId: string | null) => void;
let stop: () => void;

const keep = (warmPool: number): void => {
  const cluster = {
    pods: () => pods,
    isolation: () => ({ level: "sandbox" as const, limits: "cgroup" as const, detail: "" }),
    applyPool: async (size: number) => void sizes.push(size),
    release: async ({ name }: PodView) => {
      if (refuses) throw new Error("etcdserver: leader changed");
      released.push(name);
      await Promise.resolve();
      change(name, { gated: false });
      return true;
    },
    onChange: (listener: typeof look) => ((look = listener), () => {}),
  };
  const logger = { warn: (message: string) => void warnings.push(message) };
  stop = keepPool({ cluster, warmPool, warmPoolMemoryMiB: 2_048, poolLimits: instanceLimits, logger }, new AbortController().signal);
};
const change = (name: string, changes: Partial<PodView>): void => {
  pods = pods.map((pod) => (pod.name === name ? { ...pod, ...changes } : pod));
  look(null);
};
/** The claim, and the pod that the ReplicaSet makes in its place. */
const claim = (name: string, next: string): void => {
  pods = [...pods.map((pod) => (pod.name === name ? claimed(name) : pod)), gated(next)];
  look(null);
};
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
  [pods, sizes, released, warnings, refuses] = [[], [], [], [], false];
});
afterEach(() => {
  stop();
  vi.useRealTimers();
});

describe("the pool's size", () => {
  /** One wake each second, its pod replaced by one that needs `startMs`. */
  const wakeEachSecond = async (times: number, startMs: number): Promise<void> => {
    keep(1);
    pods = [warm("p0")];
    look(null);
    for (let turn = 1; turn <= times; turn += 1) {
      pods = [
        ...pods.map((pod) => (pod.state === "warm" ? { ...pod, state: "serving" as const } : pod)),
        warm(`p${turn}`, { ready: false }),
      ];
      look(null);
      await pass(startMs);
      pods = pods.map((pod) => ({ ...pod, ready: true }));
      look(null);
      await pass(Math.max(0, 1_000 - startMs));
    }
  };

  it("holds what is taken while the next one starts: more where pods start slowly", async () => {
    await wakeEachSecond(6, 990);
    const slow = Math.max(...sizes);
    expect(slow).toBeGreaterThanOrEqual(3);
    // Back at its least when nothing was taken for the time that a burst counts.
    await pass(61_000);
    expect(sizes.at(-1)).toBe(1);
  });

  it("is little more than the least where they start at once", async () => {
    await wakeEachSecond(6, 20);
    expect(Math.max(...sizes)).toBe(2);
  });
});

describe("a pod of the pool starts", () => {
  it("at once where nobody wakes, and few at a time on a node", async () => {
    keep(6);
    pods = Array.from({ length: 6 }, (_, index) => gated(`p${index}`));
    look(null);
    await pass(0);
    expect(released).toEqual(["p0", "p1", "p2", "p3"]);
    change("p0", { ready: true, node: "n1" });
    await pass(0);
    expect(released).toEqual(["p0", "p1", "p2", "p3", "p4"]);
    // A second node carries as many.
    change("p1", { node: "n2" });
    await pass(0);
    expect(released).toHaveLength(6);
  });

  it("when the wake that took another's place is over, and a moment after", async () => {
    keep(2);
    pods = [warm("p0"), warm("p1")];
    look(null);
    claim("p0", "p2");
    await pass(1_000);
    expect(released).toEqual([]);
    change("p0", { owned: true });
    await pass(299);
    expect(released).toEqual([]);
    await pass(1);
    expect(released).toEqual(["p2"]);
  });

  it("after three seconds of wakes without a pause, which would starve the pool else", async () => {
    keep(8);
    pods = Array.from({ length: 8 }, (_, index) => warm(`p${index}`));
    look(null);
    claim("p0", "p8");
    await pass(2_900);
    expect(released).toEqual([]);
    await pass(100);
    expect(released).toEqual(["p8"]);
  });

  it("at once while the pool is replaced: a rollout waits for it", async () => {
    keep(2);
    pods = [warm("p0"), warm("p1")];
    look(null);
    await pass(0);
    claim("p0", "p2");
    pods = [...pods, gated("p3")];
    look(null);
    await pass(0);
    expect(released).toEqual(["p2"]);
  });

  it("later, when the API server refuses it now", async () => {
    keep(1);
    refuses = true;
    pods = [gated("p0")];
    look(null);
    await pass(0);
    expect(warnings).toEqual(["The warm pod p0 could not be let start: etcdserver: leader changed"]);
    refuses = false;
    await pass(5_000);
    expect(released).toEqual(["p0"]);
  });
});
