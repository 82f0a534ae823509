import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { AppView, PodView } from "./app-view.ts";
import { keepReleased } from "./gates.ts";
import { makePod } from "./views.test-part.ts";

describe("pods that no wake releases", () => {
  let pods: PodView[];
  let released: string[];
  let tell: (appId: string | null) => void;
  const stop = new AbortController();

  beforeEach(() => {
    vi.useFakeTimers();
    released = [];
  });
  afterEach(() => vi.useRealTimers());

  const start = (refusals = 0): (() => void) => {
    const cluster = {
      view: (): AppView => ({ deployment: null, replicaSets: [], pods }),
      appIds: () => ["a1"],
      onChange: (listener: typeof tell) => ((tell = listener), () => (tell = () => {})),
      release: (pod: PodView) => {
        if ((refusals -= 1) >= 0) return Promise.reject(new Error("away"));
        released.push(pod.name);
        pods = pods.map((each) => (each === pod ? { ...each, gated: false } : each));
        return Promise.resolve(true);
      },
    };
    return keepReleased({ cluster, logger: { warn: () => {} } }, stop.signal);
  };

  it("start when nobody claims a warm one in their place", async () => {
    pods = [makePod({ name: "drained", gated: true })];
    const end = start();
    await vi.advanceTimersByTimeAsync(1_900);
    expect(released).toEqual([]);
    await vi.advanceTimersByTimeAsync(200);
    expect(released).toEqual(["drained"]);
    end();
  });

  it("stay as they are while a warm pod joins, which ends them", async () => {
    pods = [makePod({ name: "spare", gated: true }), makePod({ name: "pool-1", adopted: true, owned: false })];
    const end = start();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(released).toEqual([]);
    pods = [pods[0]!];
    await vi.advanceTimersByTimeAsync(2_100);
    expect(released).toEqual(["spare"]);
    end();
  });

  it("are asked for again after a failure, also of an app that comes later", async () => {
    pods = [];
    const end = start(2);
    pods = [makePod({ name: "late", gated: true })];
    tell("a1");
    await vi.advanceTimersByTimeAsync(6_100);
    expect(released).toEqual(["late"]);
    end();
  });

  it("are nobody's affair any more when another process leads", async () => {
    pods = [makePod({ name: "drained", gated: true })];
    start()();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(released).toEqual([]);
  });
});
