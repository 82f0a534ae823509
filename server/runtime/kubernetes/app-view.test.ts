import { describe, expect, it } from "vitest";
import { findCandidates, findDeath, findFailed, findServing, findWarm, nextWakeStep, toEndpoint, type AppView } from "./app-view.ts";
import { makeDeployment, makePod } from "./views.test-part.ts";

const ended = { exitCode: 1, reason: "Error", message: "" };
const all = (): boolean => true;
const view = (changes: Partial<AppView>): AppView => ({ deployment: makeDeployment(), replicaSets: [], pods: [], ...changes });
const names = (pods: readonly { name: string }[]): string[] => pods.map(({ name }) => name);

describe("who may get requests", () => {
  it("is a serving pod with an address that neither ends nor has ended", () => {
    const pods = [
      makePod({ name: "good" }),
      makePod({ name: "loading", state: "loading" }),
      makePod({ name: "nowhere", ip: null }),
      makePod({ name: "ending", deleting: true }),
      makePod({ name: "dead", ended }),
    ];
    expect(names(findCandidates(view({ pods })))).toEqual(["good"]);
  });

  it("is the old version until the new one accepts, and the new one alone from then on", () => {
    const pods = [makePod({ name: "old", spec: "s0" }), makePod({ name: "new", spec: "s1" })];
    expect(names(findServing(view({ pods }), ({ name }) => name === "old"))).toEqual(["old"]);
    expect(names(findServing(view({ pods }), all))).toEqual(["new"]);
  });

  it("is nobody once the Deployment sleeps, even while pods still run; but a version that is to follow may be asked about", () => {
    const sleeping = view({ deployment: makeDeployment({ replicas: 0 }), pods: [makePod()] });
    expect(findServing(sleeping, all)).toEqual([]);
    expect(findServing(sleeping, all, "s2")).toHaveLength(1);
  });

  it("is told by the pod's own name, version and address", () => {
    expect(toEndpoint(makePod({ name: "p7", version: 3, ip: "10.0.0.7" }), 8000)).toEqual({
      instanceId: "p7",
      version: 3,
      host: "10.0.0.7",
      port: 8000,
    });
  });
});

describe("a death", () => {
  it("is an end that nobody asked for, of a pod that was somebody's", () => {
    expect(findDeath(makePod({ ended }))).toBe(ended);
    expect(findDeath(makePod())).toBeNull();
    expect(findDeath(makePod({ ended, deleting: true }))).toBeNull();
    expect(findDeath(makePod({ ended, state: "warm" }))).toBeNull();
  });

  it("fails a wake only when it is of what is to run, and news", () => {
    const dead = makePod({ ended });
    expect(findFailed(view({ pods: [dead] }), "s1", () => false)).toBe(dead);
    expect(findFailed(view({ pods: [dead] }), "s1", all)).toBeUndefined();
    expect(findFailed(view({ pods: [dead] }), "s2", () => false)).toBeUndefined();
    expect(findFailed(view({ pods: [{ ...dead, state: "loading" }] }), "s1", () => false)).toBeUndefined();
  });
});

describe("what a wake does next", () => {
  it.each([
    ["apply", null],
    ["apply", makeDeployment({ spec: "s0" })],
    ["apply", makeDeployment({ spec: "s0", replicas: 0 })],
    ["scale", makeDeployment({ replicas: 0 })],
    ["await", makeDeployment({ replicas: 1 })],
    ["await", makeDeployment({ replicas: 3 })],
  ] as const)("is to %s", (step, deployment) => {
    expect(nextWakeStep(view({ deployment }), "s1")).toBe(step);
  });
});

describe("the pod that is taken from the pool", () => {
  const warm = (name: string, changes: Parameters<typeof makePod>[0] = {}) =>
    makePod({ name, appId: null, component: "pool", state: "warm", runnerImage: "runner:2", ...changes });

  it("is the one that waited longest", () => {
    const pods = [warm("b", { createdAt: 2 }), warm("a", { createdAt: 1 }), warm("c", { createdAt: 3 })];
    expect(names(findWarm(pods, "runner:2", () => false))).toEqual(["a", "b", "c"]);
    expect(names(findWarm(pods, "runner:2", (name) => name === "a"))).toEqual(["b", "c"]);
  });

  it("is never one that is not ready, ends, was started again (it may have had files), has another image, or is a deployment's or a check's own", () => {
    const pods = [
      warm("cold", { ready: false }),
      warm("nowhere", { ip: null }),
      warm("ending", { deleting: true }),
      warm("restarted", { restarts: 1 }),
      warm("old", { runnerImage: "runner:1" }),
      warm("deployment", { component: "app" }),
      warm("check", { component: "check" }),
      warm("claimed", { state: "loading" }),
    ];
    expect(findWarm(pods, "runner:2", () => false)).toEqual([]);
  });
});
