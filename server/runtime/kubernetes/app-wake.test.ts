import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { waitFor } from "../../../tests/wait.ts";
import { LoadFailure } from "../load-failure.ts";
import type { PodView } from "./app-view.ts";
import { createWorld, makeSpec, type Gateway, type World } from "./gateway.test-part.ts";
import { labels } from "./names.ts";

const spec = makeSpec();
const broken = new LoadFailure(
  { kind: "load", type: "NameError", message: "name 'x' is not defined", file: "main.py", line: 3, traceback: "Traceback\n  line 3\n" },
  null,
);
let world: World;
beforeEach(() => {
  world = createWorld();
  world.runControllers();
});
afterEach(() => world.close());

const instances = (): number | undefined => world.server.find("deployments", "app-a1")?.spec?.replicas;
/** Of these pods those that may be scheduled. */
const released = (names: readonly string[]): string[] | null => {
  const free = names.filter((name) => !world.server.find("pods", name)?.spec?.schedulingGates);
  return free.length > 0 ? free : null;
};
const claims = (): string[] => world.server.writes.filter((write) => write.startsWith("patch pods"));

describe("a wake with a warm pool", () => {
  it("makes the Deployment and then claims a pod, which stays the app's only one", async () => {
    world.fillPool(2);
    const gateway = await world.open([spec]);
    const { endpoint } = await gateway.app().wake();
    expect(endpoint).toMatchObject({ instanceId: gateway.given[0], version: 1, port: 8000 });
    expect(endpoint.instanceId).toMatch(/^pool-/);
    const order = world.server.writes.filter((write) => /create deployments|patch pods/.test(write));
    expect(order[0]).toBe("create deployments app-a1");
    await waitFor("the other's end", () => world.podsOf("a1").length === 1);
    expect(world.podsOf("a1")).toEqual([endpoint.instanceId]);
    expect(world.server.all("configmaps").concat(world.server.all("secrets") as never)).toHaveLength(2);
    expect(gateway.counted).toEqual(["woken warm"]);
    expect(gateway.heard("awake")).toHaveLength(1);
  });

  it("sets a sleeping Deployment to one instance before it claims: the other way round the ReplicaSet would end the pod", async () => {
    world.fillPool(1);
    const gateway = await world.open([spec]);
    await gateway.makeAsleep(spec);
    world.server.writes.length = 0;
    await gateway.app().wake();
    expect(world.server.writes.slice(0, 2)).toEqual(["patch deployments app-a1", `patch pods ${gateway.given[0]}`]);
    const labelsNow = () => world.server.find("pods", gateway.given[0]!)?.metadata?.labels;
    expect(labelsNow()).toMatchObject({ [labels.app]: "a1", [labels.state]: "serving" });
    await waitFor("its place in the ReplicaSet", () => labelsNow()?.[labels.podTemplateHash]);
  });

  it("answers before it joins the ReplicaSet, and joins only when that wants a pod: else its controller would end the one that serves", async () => {
    world.fillPool(1);
    const gateway = await world.open([spec]);
    await gateway.makeAsleep(spec);
    // The Deployment's controller is late, and the ReplicaSet's is not.
    const lag = vi.fn<(name: string) => void>();
    world.server.onChange = () => {
      const [replicaSet] = world.server.all("replicasets").filter(({ metadata }) => metadata?.name?.startsWith("app-a1"));
      const hash = replicaSet?.metadata?.labels?.[labels.podTemplateHash];
      if (hash === undefined || (replicaSet?.spec?.replicas ?? 1) > 0) return;
      for (const { metadata } of world.server.all("pods"))
        if (metadata?.labels?.[labels.podTemplateHash] === hash && !metadata.deletionTimestamp) lag(metadata.name!);
    };
    const waking = gateway.app().wake();
    expect((await waking).endpoint.instanceId).toBe(gateway.given[0]);
    world.runControllers();
    world.controllers.run();
    await waitFor(
      "its place in the ReplicaSet",
      () => world.server.find("pods", gateway.given[0]!)?.metadata?.labels?.[labels.podTemplateHash],
    );
    expect(lag).not.toHaveBeenCalled();
  });

  it("is one flight however many wait", async () => {
    world.fillPool(3);
    const gateway = await world.open([spec]);
    const woken = await Promise.all(Array.from({ length: 50 }, () => gateway.app().wake()));
    expect(new Set(woken.map(({ endpoint }) => endpoint.instanceId)).size).toBe(1);
    expect(gateway.given).toHaveLength(1);
    expect((await gateway.app().wake()).waitedMs).toBe(0);
  });

  it("is done by one of two gateways, while the other waits for the same pod", async () => {
    world.fillPool(3);
    const [first, second] = [await world.open([spec]), await world.open([spec])];
    await first.makeAsleep(spec);
    await waitFor("the second's word of it", () => second.cluster.view("a1").deployment);
    // What the other does is told late, as by a watch that lags.
    for (const gateway of [first, second]) gateway.client.hold();
    const waking = [first.app().wake(), second.app().wake()];
    const [winner, loser] = await waitFor("one to be given the files", () =>
      first.given.length > 0 ? [first, second] : second.given.length > 0 ? [second, first] : null,
    );
    for (const gateway of [first, second]) gateway.client.release();
    await waitFor("the loser to see it", () => loser.cluster.view("a1").pods.some(({ name }) => name === winner.given[0]));
    loser.accept(winner.given[0]!);
    const [one, other] = await Promise.all(waking);
    expect(one!.endpoint.instanceId).toBe(other!.endpoint.instanceId);
    expect(loser.given).toEqual([]);
    // Claimed, and made the ReplicaSet's own.
    expect(new Set(claims())).toEqual(new Set([`patch pods ${winner.given[0]}`]));
    expect(loser.counted).toEqual([]);
  });

  it("takes the next pod when somebody was quicker with the first", async () => {
    world.fillPool(2);
    const gateway = await world.open([spec]);
    let stolen = "";
    world.server.before = (call, name) => {
      if (call !== "patch pods" || stolen !== "") return;
      stolen = name;
      world.server.edit("pods", name, ({ metadata }) => {
        metadata!.labels = { ...metadata!.labels, [labels.component]: "app", [labels.app]: "a2", [labels.state]: "serving" };
      });
    };
    const { endpoint } = await gateway.app().wake();
    expect(stolen).not.toBe("");
    expect(endpoint.instanceId).not.toBe(stolen);
    expect(gateway.given).toEqual([endpoint.instanceId]);
    expect(world.podsOf("a2")).toEqual([stolen]);
  });

  it.each([
    {
      what: "is lost between its claim and the files",
      give: async () => await Promise.reject(new Error("The pod did not take the app: broken")),
      warning: "A warm pod could not be used: The pod did not take the app: broken",
    },
    {
      what: "is deleted meanwhile, and takes the files all the same",
      give: async (pod: PodView, gateway: Gateway) => {
        world.server.remove("pods", pod.name);
        await waitFor("the word of it", () => !gateway.cluster.view("a1").pods.some(({ uid }) => uid === pod.uid));
      },
      warning: "was deleted while it was given its files",
    },
  ])("goes the plain way when the pod $what", async ({ give, warning }) => {
    world.fillPool(1);
    const gateway = await world.open([spec]);
    await gateway.makeAsleep(spec);
    const { give: answer } = gateway;
    gateway.give = async (pod, ...rest) => {
      await give(pod, gateway);
      return answer(pod, ...rest);
    };
    const waking = gateway.app().wake();
    const name = await waitFor("a pod of the Deployment's own", () => world.podsOf("a1").find((each) => each.startsWith("app-a1")));
    await waitFor("the lost pod's end", () => !world.podsOf("a1").includes(gateway.given[0]!));
    await waitFor("its release", () => world.server.find("pods", name)?.spec?.schedulingGates === undefined);
    world.controllers.startPods(name);
    await waitFor("its address", () => gateway.cluster.view("a1").pods.some((pod) => pod.name === name && pod.ip));
    gateway.accept(name);
    expect((await waking).endpoint.instanceId).toBe(name);
    expect(gateway.counted).toEqual(["woken cold"]);
    expect(gateway.warnings.join()).toContain(warning);
  });
});

describe("a wake without a pool", () => {
  it("waits for the pod that the Deployment starts", async () => {
    const gateway = await world.open([spec]);
    const waking = gateway.app().wake();
    const [name] = await waitFor("the pod", () => released(world.podsOf("a1")));
    world.controllers.startPods();
    await waitFor("its address", () => gateway.cluster.view("a1").pods[0]?.ip);
    expect(gateway.app().endpoints).toEqual([]);
    gateway.accept(name!);
    expect((await waking).endpoint.instanceId).toBe(name);
    expect(gateway.counted).toEqual(["woken cold"]);
  });

  it("leaves the pool to apps of its size", async () => {
    world.fillPool(1);
    const large = makeSpec({ limits: { ...spec.limits, memoryMiB: 512 } });
    const gateway = await world.open([large]);
    const waking = gateway.app().wake();
    const [name] = await waitFor("the pod", () => released(world.podsOf("a1")));
    world.controllers.startPods();
    await waitFor("its address", () => gateway.cluster.view("a1").pods[0]?.ip);
    gateway.accept(name!);
    await waking;
    expect(claims()).toEqual([`patch pods ${name}`]);
  });

  it("tells why the app's own pod ended instead of waiting for it", async () => {
    const gateway = await world.open([spec]);
    const waking = gateway.app().wake();
    const [name] = await waitFor("the pod", () => released(world.podsOf("a1")));
    world.controllers.startPods();
    world.controllers.end(name!, { exitCode: 1, message: { kind: "exit", code: 1, error: broken.error } });
    await expect(waking).rejects.toMatchObject({ code: "app_failed", message: expect.stringContaining("name 'x' is not defined") });
    expect(gateway.heard("failed")).toHaveLength(1);
    await waitFor("its sleep", () => instances() === 0);
  });

  it("says what keeps the pod from starting when the time is over", async () => {
    const gateway = await world.open([spec], 300);
    const waking = gateway.app().wake();
    waking.catch(() => undefined);
    await waitFor("the pod", () => world.podsOf("a1")[0]);
    world.server.edit("pods", world.podsOf("a1")[0]!, (pod) => {
      const message = "0/1 nodes are available: 1 Insufficient memory.";
      pod.status = { phase: "Pending", conditions: [{ type: "PodScheduled", status: "False", reason: "Unschedulable", message }] };
    });
    await expect(waking).rejects.toMatchObject({
      code: "runtime_unavailable",
      message: "The app cannot be started now: the cluster has no room for it: of one node, 1 is short of memory",
    });
    expect(gateway.counted).toEqual(["wakeFailed"]);
  });

  it("refuses an app that has nothing live", async () => {
    const gateway = await world.open();
    await expect(gateway.app().wake()).rejects.toMatchObject({ code: "not_deployed" });
    expect(world.server.writes).toEqual([]);
  });
});

describe("an app that cannot be started", () => {
  it("says why once, goes back to sleep, and is not tried again for each request: 1 s, doubling to 8 s", async () => {
    let skippedMs = 0;
    const now = performance.now.bind(performance);
    vi.spyOn(performance, "now").mockImplementation(() => now() + skippedMs);
    world.fillPool(8);
    const gateway = await world.open([spec]);
    await gateway.makeAsleep(spec);
    gateway.give = () => Promise.reject(broken);
    const fails = async (): Promise<void> => {
      await expect(gateway.app().wake()).rejects.toMatchObject({ code: "app_failed", extra: { error: broken.error } });
    };
    await fails();
    expect(gateway.heard("failed")).toEqual([
      {
        type: "failed",
        appId: "a1",
        reason: "The app could not be started. NameError: name 'x' is not defined (main.py, line 3)",
      },
    ]);
    expect(gateway.heard("log").map(({ line }) => line.text)).toContain("  line 3");
    expect(gateway.counted).toEqual(["wakeFailed", "instanceEnded not_started"]);
    expect(instances()).toBe(0);
    expect(world.server.find("pods", gateway.given[0]!)).toBeUndefined();
    for (const [tries, pauseMs] of [1_000, 2_000, 4_000, 8_000, 8_000].entries()) {
      skippedMs += pauseMs * 0.8;
      await fails();
      expect(gateway.given, `within ${pauseMs} ms`).toHaveLength(tries + 1);
      skippedMs += pauseMs * 0.2;
      await fails();
      expect(gateway.given, `after ${pauseMs} ms`).toHaveLength(tries + 2);
    }
  });

  it("is tried at once when its owner has stopped it, and without a grudge once it started", async () => {
    world.fillPool(4);
    const gateway = await world.open([spec]);
    gateway.give = () => Promise.reject(broken);
    await expect(gateway.app().wake()).rejects.toMatchObject({ code: "app_failed" });
    await gateway.app().sleep(true);
    gateway.give = async () => ({ ok: true, framework: "fastapi", factory: false, routes: [], importMs: 1 });
    await waitFor("the pods' end", () => gateway.cluster.view("a1").pods.every((pod) => pod.deleting));
    expect((await gateway.app().wake()).endpoint.version).toBe(1);
  });
});
