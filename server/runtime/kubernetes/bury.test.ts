import { setTimeout as delay } from "node:timers/promises";
import { beforeEach, describe, expect, it } from "vitest";
import type { PodView } from "./app-view.ts";
import { bury } from "./bury.ts";
import type { Cluster } from "./cluster.ts";
import { makePod } from "./views.test-part.ts";

describe("the burial of a dead pod", () => {
  const dead = makePod({ name: "dead" });
  let pods: PodView[];
  let calls: string[];
  let refusals: number;

  beforeEach(() => {
    pods = [dead];
    calls = [];
    refusals = 0;
  });
  const cluster = {
    view: () => ({ deployment: null, replicaSets: [], pods }),
    scale: async (appId: string, from: number, to: number) => {
      calls.push(`scale ${appId} ${from} ${to}`);
      if ((refusals -= 1) >= 0) throw new Error("away");
      return true;
    },
    deletePod: async (pod: PodView) => {
      calls.push(`delete ${pod.name}`);
      pods = [];
    },
  } as unknown as Cluster;

  it("lets the app sleep first, so that nothing starts it again, and then takes the pod away", async () => {
    await bury(cluster, dead, "a1", new AbortController().signal);
    expect(calls).toEqual(["scale a1 1 0", "delete dead"]);
  });

  it("is tried again while the cluster is away", async () => {
    refusals = 1;
    const buried = bury(cluster, dead, "a1", new AbortController().signal);
    await delay(500);
    expect(calls).toEqual(["scale a1 1 0"]);
    await buried;
    expect(calls.slice(1)).toEqual(["scale a1 1 0", "delete dead"]);
  });

  it("is over when somebody else has done it, or this process ends", async () => {
    refusals = 100;
    const stop = new AbortController();
    const [first, second] = [bury(cluster, dead, "a1", stop.signal), bury(cluster, dead, "a1", stop.signal)];
    pods = [{ ...dead, deleting: true }];
    stop.abort();
    await Promise.all([first, second]);
    expect(calls).toHaveLength(2);
  });
});
