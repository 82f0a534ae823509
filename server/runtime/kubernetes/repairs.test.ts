import { describe, expect, it } from "vitest";
import { findUnseen, planRepairs, type ClusterSeen } from "./repairs.ts";
import { makeDeployment, makePod } from "./views.test-part.ts";

const threeMinutes = 3 * 60_000;
const plan = (seen: Partial<ClusterSeen>) =>
  planRepairs({
    deployments: [],
    pods: [],
    live: new Set(["a1", "a2", "a3", "a4"]),
    ageMs: () => threeMinutes + 1,
    accepts: () => true,
    parkAfter: 100,
    ...seen,
  });
const asleep = (appId: string, usedAt = 0) => makeDeployment({ appId, usedAt, replicas: 0 });

describe("what has nothing live", () => {
  it("is removed with its pods, whether it runs or sleeps, and nothing else is done to it", () => {
    const pods = [makePod({ appId: "gone", state: "loading", owned: false })];
    const deployments = [makeDeployment({ appId: "gone" }), asleep("gone-too")];
    expect(plan({ deployments, pods, parkAfter: 0 })).toEqual([
      { do: "remove", appId: "gone" },
      { do: "remove", appId: "gone-too" },
    ]);
  });
});

describe("a pod that was claimed and forgotten", () => {
  it.each([
    ["was never given its files", makePod({ state: "loading", owned: false }), true],
    ["serves, and no ReplicaSet has taken it", makePod({ owned: false }), true],
    ["came from the pool and answers nobody", makePod({ adopted: true }), false],
    ["was made for a check", makePod({ appId: null, component: "check", state: "warm", owned: false }), true],
  ])("is deleted when no load takes so long: one that %s", (_, pod, accepts) => {
    expect(plan({ pods: [pod], accepts: () => accepts })).toEqual([{ do: "deletePod", pod, why: "abandoned" }]);
    expect(plan({ pods: [pod], accepts: () => accepts, ageMs: () => threeMinutes })).toEqual([]);
    expect(plan({ pods: [{ ...pod, deleting: true }], accepts: () => accepts }), "while it ends").toEqual([]);
  });
  it("is neither one that serves, nor one of the pool, nor one that the Deployment itself is still starting", () => {
    const pool = makePod({ appId: null, component: "pool", state: "warm" });
    const starting = makePod({ adopted: false, ready: false, ip: null });
    expect(plan({ pods: [makePod({ adopted: true }), pool] })).toEqual([]);
    expect(plan({ pods: [starting], accepts: () => false })).toEqual([]);
  });
});

describe("a pod whose container was started again", () => {
  const ended = { exitCode: 137, reason: "OOMKilled", message: "" };
  it("has lost its files when it came from the pool: it is deleted, however its container ended", () => {
    for (const last of [ended, null]) {
      const lost = makePod({ adopted: true, restarts: 1, ended: last });
      expect(plan({ pods: [lost] })).toEqual([{ do: "deletePod", pod: lost, why: "lost" }]);
    }
  });
  it("has its files mounted when the Deployment started it, and is left to the kubelet", () => {
    expect(plan({ pods: [makePod({ adopted: false, restarts: 3, ended })] })).toEqual([]);
    expect(plan({ pods: [makePod({ adopted: true, restarts: 0 })] })).toEqual([]);
  });
});

describe("a running app's objects", () => {
  it("are written again, a sleeping one's are not", () => {
    expect(plan({ deployments: [makeDeployment({ appId: "a1" }), asleep("a2")] })).toEqual([{ do: "apply", appId: "a1" }]);
  });
});

describe("parking", () => {
  const sleeping = [asleep("a1", 30), asleep("a2", 10), asleep("a3", 20), asleep("a4", 40)];
  it("takes the longest asleep beyond the number that is kept", () => {
    expect(plan({ deployments: sleeping, parkAfter: 2 })).toEqual([
      { do: "park", appId: "a2" },
      { do: "park", appId: "a3" },
    ]);
    expect(plan({ deployments: sleeping, parkAfter: 4 })).toEqual([]);
    expect(plan({ deployments: sleeping, parkAfter: 0 })).toHaveLength(4);
  });
  it("counts neither apps that run nor those whose last pod still answers its requests", () => {
    const deployments = [...sleeping.slice(0, 3), makeDeployment({ appId: "a4" })];
    const pods = [makePod({ appId: "a2", deleting: true })];
    expect(plan({ deployments, pods, parkAfter: 1 }).filter((step) => step.do === "park")).toEqual([{ do: "park", appId: "a3" }]);
  });
});

it("finds apps that run and whose Deployment nobody sees: somebody took its labels away", () => {
  const pods = [
    makePod({ appId: "a1" }),
    makePod({ appId: "a2" }),
    makePod({ appId: "a3", deleting: true }),
    makePod({ appId: "a4", owned: false }),
    makePod({ appId: null, component: "check" }),
  ];
  expect([...findUnseen({ deployments: [makeDeployment({ appId: "a1" })], pods })]).toEqual(["a2"]);
});
