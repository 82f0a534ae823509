import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { waitFor } from "../../../tests/wait.ts";
import { createWorld, makeSpec, type Gateway, type World } from "./gateway.test-part.ts";
import { annotations } from "./names.ts";

const spec = makeSpec();
let world: World;
let gateway: Gateway;
beforeEach(async () => {
  world = createWorld();
  world.runControllers();
  gateway = await world.open([spec]);
});
afterEach(() => world.close());

const stored = () => world.server.find("deployments", "app-a1");
const scales = (): number => world.server.writes.filter((write) => write === "patch deployments app-a1").length;
/** Somebody else changes the Deployment in the moment of our next patch, `times` times over. */
function disturb(times: number, replicas?: number): void {
  let left = times;
  world.server.before = (call) => {
    if (call !== "patch deployments" || (left -= 1) < 0) return;
    world.server.edit("deployments", "app-a1", (deployment) => {
      deployment.status = { observedGeneration: left };
      if (replicas !== undefined) deployment.spec!.replicas = replicas;
    });
  };
}

describe("the number of instances", () => {
  beforeEach(() => gateway.makeAsleep(spec));

  it("is set, and known to this process at once, with when and why", async () => {
    gateway.client.hold();
    expect(await gateway.cluster.scale("a1", 0, 1)).toBe(true);
    expect(gateway.cluster.view("a1").deployment).toMatchObject({ replicas: 1, asleep: null });
    expect(await gateway.cluster.scale("a1", 1, 0, "asked")).toBe(true);
    expect(gateway.cluster.view("a1").deployment).toMatchObject({ replicas: 0, asleep: "asked" });
    expect(Date.parse(stored()?.metadata?.annotations?.[annotations.usedAt] ?? "")).toBeGreaterThan(Date.now() - 60_000);
  });

  it("is set although the controller wrote a status meanwhile: that is no race lost", async () => {
    disturb(3);
    expect(await gateway.cluster.scale("a1", 0, 1)).toBe(true);
    expect([stored()?.spec?.replicas, scales()]).toEqual([1, 4]);
  });

  it("is 0 for who puts the app to sleep, whatever this process knows of it", async () => {
    gateway.client.hold();
    world.server.edit("deployments", "app-a1", (each) => void (each.spec!.replicas = 1));
    expect(gateway.cluster.view("a1").deployment?.replicas).toBe(0);
    disturb(1_000);
    expect(await gateway.cluster.scale("a1", null, 0, "asked")).toBe(true);
    expect(stored()?.spec?.replicas).toBe(0);
    expect(await gateway.cluster.scale("none", null, 0)).toBe(false);
  });

  it("is left to whoever was quicker, once and for all", async () => {
    disturb(1, 1);
    expect(await gateway.cluster.scale("a1", 0, 1)).toBe(false);
    expect(scales()).toBe(1);
    expect(await gateway.cluster.scale("a1", 0, 1)).toBe(false);
    expect(scales(), "nobody asks the cluster what is known here").toBe(1);
  });

  it("is not insisted on against somebody who never stops, nor set of what is gone", async () => {
    disturb(1_000);
    expect(await gateway.cluster.scale("a1", 0, 1)).toBe(false);
    expect(scales()).toBe(5);
    world.server.before = () => undefined;
    gateway.client.hold();
    world.server.remove("deployments", "app-a1");
    expect(await gateway.cluster.scale("a1", 0, 1)).toBe(false);
    expect(await gateway.cluster.scale("unknown", 0, 1)).toBe(false);
  });
});

describe("an app's files", () => {
  it("are written once, belong to the Deployment, and go when no pod starts from them any more", async () => {
    const next = makeSpec({ version: 2, bundleHash: "cd".repeat(32), env: { A: "1" } });
    const made = (await gateway.cluster.createDeployment(spec, 0))!;
    for (let times = 0; times < 2; times += 1) await gateway.cluster.writeFiles(spec, made);
    await gateway.cluster.writeFiles(next, made);
    const all = () => [...world.server.all("configmaps"), ...world.server.all("secrets")];
    expect(all()).toHaveLength(4);
    expect(all().every(({ metadata }) => metadata?.ownerReferences?.[0]?.uid === made.uid)).toBe(true);
    await gateway.cluster.applyDeployment(next, 0);
    await gateway.cluster.dropFiles("a1");
    const volumes = stored()?.spec?.template.spec?.volumes ?? [];
    const used = volumes.flatMap(({ configMap, secret }) => configMap?.name ?? secret?.secretName ?? []);
    expect(all().map(({ metadata }) => metadata?.name)).toEqual(used);
    expect(used).toHaveLength(2);
  });
});

describe("a pod", () => {
  it("is claimed only as it was last seen, and is known as claimed at once", async () => {
    world.fillPool(1);
    const pod = await waitFor("the pod", () => [...gateway.cluster.pods()].find(({ ready }) => ready));
    const claim = { appId: "a1", spec: "s1", version: 1, state: "loading", replicaSet: null } as const;
    gateway.client.hold();
    world.server.edit("pods", pod.name, (object) => void (object.status!.phase = "Running"));
    expect(await gateway.cluster.claim(pod, claim)).toBeNull();
    const now = { ...pod, resourceVersion: world.server.find("pods", pod.name)!.metadata!.resourceVersion! };
    expect(await gateway.cluster.claim(now, claim)).toMatchObject({ appId: "a1", state: "loading", adopted: true });
    expect(gateway.cluster.view("a1").pods.map(({ name }) => name)).toEqual([pod.name]);
  });

  it("is deleted as the one that was meant, not as the next of its name", async () => {
    const pod = await gateway.cluster.createWarmPod(spec.limits, "app");
    await gateway.cluster.deletePod({ ...pod, uid: "before" }, 0);
    expect(world.server.find("pods", pod.name)).toBeDefined();
    await gateway.cluster.deletePod(pod, 0);
    expect(world.server.find("pods", pod.name)).toBeUndefined();
    await gateway.cluster.deletePod(pod, 0);
  });
});

describe("parking", () => {
  it("takes a sleeping app's objects, and nothing of one that runs, also when it began to a moment ago", async () => {
    await gateway.makeAsleep(spec);
    world.server.before = (call) => {
      if (call === "delete deployments") world.server.edit("deployments", "app-a1", ({ spec: changed }) => void (changed!.replicas = 1));
    };
    await gateway.cluster.park("a1");
    expect(stored()?.spec?.replicas).toBe(1);
    await waitFor("the word of it", () => gateway.cluster.view("a1").deployment?.replicas === 1);
    world.server.before = () => undefined;
    await gateway.cluster.park("a1");
    expect(stored()).toBeDefined();
    await gateway.cluster.scale("a1", 1, 0);
    await gateway.cluster.park("a1");
    expect(stored()).toBeUndefined();
  });
});
