import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { waitFor } from "../../../tests/wait.ts";
import type { InstanceSpec, RuntimeEvent } from "../runtime.ts";
import { uncounted } from "../runtime.ts";
import { createWorld, makeSpec, poolLimits, type Gateway, type World } from "./gateway.test-part.ts";
import { containerName, labels, poolName } from "./names.ts";
import { startWorker, type ClusterWorker } from "./worker.ts";

const spec = makeSpec();
let world: World;
let gateway: Gateway;
let stop: AbortController;
let worker: ClusterWorker;
let published: RuntimeEvent[];
let warnings: string[];

beforeEach(async () => {
  world = createWorld();
  world.runControllers();
  gateway = await world.open([spec]);
  stop = new AbortController();
  published = [];
  warnings = [];
});
afterEach(async () => {
  stop.abort(new Error("the test is over"));
  await worker.stopped;
  await world.close();
});

function start(changes: { warmPool?: number; parkAfter?: number; live?: Iterable<InstanceSpec> } = {}): void {
  for (const each of changes.live ?? []) gateway.live.set(each.appId, each);
  worker = startWorker({
    cluster: gateway.cluster,
    warmPool: changes.warmPool ?? 2,
    warmPoolMemoryMiB: 4_096,
    parkAfter: changes.parkAfter ?? 500,
    poolLimits,
    specOf: async (appId) => gateway.live.get(appId) ?? null,
    findLive: async (appIds) => new Set(appIds.filter((appId) => gateway.live.has(appId))),
    accepts: gateway.acceptance.has,
    publish: (event) => void published.push(event),
    counts: uncounted,
    logger: { info: () => {}, warn: (message) => void warnings.push(message) },
    signal: stop.signal,
  });
}
const poolSize = (): number | undefined => world.server.find("deployments", poolName)?.spec?.replicas;

/** Pods of the probe behave as on a cluster whose network holds to its policies, or does not. */
function answerProbes(connectedCode: number): void {
  const { server, controllers } = world;
  const runControllers = server.onChange;
  server.onChange = () => {
    runControllers();
    for (const { metadata, status } of server.all("pods")) {
      const name = metadata!.name!;
      if (metadata?.labels?.[labels.probe] === undefined || status) continue;
      if (name.endsWith("-listen")) controllers.startPods(name);
      else controllers.end(name, { exitCode: connectedCode });
    }
  };
}

describe("the pool's size", () => {
  it("is nothing until policies are proved, then what is always kept, and follows the pace of wakes", async () => {
    const gate = Promise.withResolvers<void>();
    world.server.before = (call, name) => (call === "create pods" && name.startsWith("probe-") ? gate.promise : undefined);
    answerProbes(10);
    start({ warmPool: 1 });
    await waitFor("the pool's Deployment", () => poolSize() === 0);
    expect(worker.leads).toBe(true);
    gate.resolve();
    await waitFor("the pool", () => poolSize() === 1);
    await waitFor("a warm pod", () => {
      world.controllers.startPods();
      return gateway.launcher.warmPods === 1;
    });
    await gateway.app().wake();
    await waitFor("a larger pool", () => (poolSize() ?? 0) > 1);
    expect(world.server.all("pods").some(({ metadata }) => metadata?.labels?.[labels.probe])).toBe(false);
  });

  it("is nothing, and stays so, where the network enforces no policies", async () => {
    answerProbes(0);
    start();
    await waitFor("the proof", () => gateway.cluster.isolation().detail.includes("does not enforce NetworkPolicies"));
    expect(gateway.cluster.isolation().level).toBe("none");
    expect(world.server.writes.filter((write) => write === `apply deployments ${poolName}`)).toHaveLength(1);
    expect(poolSize()).toBe(0);
  });

  it("is what was wanted last, also when that came while the cluster was told of what was wanted before", async () => {
    world.server.before = async (call, name) => {
      if (call !== "apply deployments" || name !== poolName || gateway.cluster.isolation().level === "sandbox") return;
      world.setPolicies(true);
      await waitFor("the proof", () => gateway.cluster.isolation().level === "sandbox");
    };
    start({ warmPool: 2 });
    await waitFor("the pool", () => poolSize() === 2);
  });

  it("is set again after the cluster refused it, with the reason in the log", async () => {
    world.setPolicies(true);
    let refusals = 0;
    world.server.before = (call, name) => {
      if (call === "apply deployments" && name === poolName && (refusals += 1) === 1) throw new Error("quota exceeded");
    };
    await waitFor("the word of it", () => gateway.cluster.isolation().level === "sandbox");
    start({ warmPool: 1 });
    await waitFor("the warning", () => warnings.some((each) => each === "The pool of warm pods could not be set to 1: quota exceeded"));
    world.setPolicies(true);
    await waitFor("the pool", () => poolSize() === 1);
  });
});

describe("what drifted", () => {
  it("is removed where nothing is live, parked where too many sleep, and written anew where it runs", async () => {
    for (const appId of ["b1", "b2", "b3"]) {
      await gateway.makeAsleep(makeSpec({ appId }));
      world.server.edit(
        "deployments",
        `app-${appId}`,
        ({ metadata }) => void (metadata!.creationTimestamp = `2026-01-0${appId[1]}T00:00:00Z`),
      );
    }
    await gateway.makeAsleep(spec);
    await gateway.cluster.scale("a1", 0, 1);
    const before = world.server.find("deployments", "app-a1")!;
    world.server.edit("deployments", "app-a1", ({ spec: changed }) => {
      changed!.template.spec!.containers.find(({ name }) => name === containerName)!.image = "somebody/else:1";
    });
    await waitFor("the change to be seen", () =>
      [...gateway.cluster.deployments()].some(
        ({ appId, resourceVersion }) => appId === "a1" && Number(resourceVersion) > Number(before.metadata?.resourceVersion),
      ),
    );
    start({ parkAfter: 1, live: [makeSpec({ appId: "b2" }), makeSpec({ appId: "b3" })] });
    await waitFor(
      "the removed and the parked",
      () => !world.server.find("deployments", "app-b1") && !world.server.find("deployments", "app-b2"),
    );
    await waitFor("the objects as they were", () => {
      const [container] = world.server.find("deployments", "app-a1")!.spec!.template.spec!.containers;
      return container?.image === "runner:1";
    });
    expect(world.server.find("deployments", "app-b3")).toBeDefined();
    // Parked is forgotten by the cluster alone: the next request makes its objects anew.
    gateway
      .app("b2")
      .wake()
      .catch(() => undefined);
    await waitFor("its objects", () => world.server.find("deployments", "app-b2")?.spec?.replicas === 1);
  });

  it("is a new template for eight of few apps at a time: the others follow in the next round", async () => {
    const many = Array.from({ length: 12 }, (_, index) => makeSpec({ appId: `c${index}` }));
    const imageOf = (appId: string): string | undefined =>
      world.server.find("deployments", `app-${appId}`)!.spec!.template.spec!.containers.find(({ name }) => name === containerName)!.image;
    for (const each of many) {
      await gateway.makeAsleep(each);
      await gateway.cluster.scale(each.appId, 0, 1);
      world.server.edit("deployments", `app-${each.appId}`, ({ spec: changed }) => {
        changed!.template.spec!.containers.find(({ name }) => name === containerName)!.image = "runner:0";
      });
    }
    await waitFor("the change to be seen", () =>
      [...gateway.cluster.deployments()].every(
        ({ name, resourceVersion }) => world.server.find("deployments", name)?.metadata?.resourceVersion === resourceVersion,
      ),
    );
    start({ live: many });
    const renewed = (): number => many.filter(({ appId }) => imageOf(appId) === "runner:1").length;
    await waitFor("the first of them", () => renewed() === 8);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(renewed()).toBe(8);
  });

  it("is not parked when it was woken between the look and the deed", async () => {
    await gateway.makeAsleep(spec);
    world.server.before = (call, name) => {
      if (call !== "delete deployments" || name !== "app-a1") return;
      world.server.edit("deployments", name, (deployment) => void (deployment.spec!.replicas = 1));
    };
    start({ parkAfter: 0 });
    await waitFor("the attempt", () => world.server.writes.includes("delete deployments app-a1"));
    await waitFor("the word of it", () => gateway.cluster.view("a1").deployment?.replicas === 1);
    expect(world.server.find("deployments", "app-a1")).toBeDefined();
  });

  it("is not woken when it was put to sleep between the look and the deed", async () => {
    await gateway.makeAsleep(spec);
    await gateway.cluster.scale("a1", 0, 1);
    world.server.before = (call, name) => {
      if (call !== "apply deployments" || name !== "app-a1") return;
      world.server.edit("deployments", name, (deployment) => void (deployment.spec!.replicas = 0));
    };
    start();
    await waitFor("the attempt", () => world.server.writes.includes("apply deployments app-a1"));
    await waitFor("the word of it", () => gateway.cluster.view("a1").deployment?.replicas === 0);
    expect(world.server.find("deployments", "app-a1")!.spec!.replicas).toBe(0);
  });

  it("does not keep other repairs from being made when one fails", async () => {
    for (const appId of ["b1", "b2"]) await gateway.makeAsleep(makeSpec({ appId }));
    world.server.before = (call, name) => {
      if (call === "delete deployments" && name === "app-b1") throw new Error("forbidden");
    };
    start();
    await waitFor("the other's end", () => !world.server.find("deployments", "app-b2"));
    expect(warnings).toContain("remove of b1 failed: forbidden");
  });
});

describe("logs", () => {
  it("are followed from the claim on, of pods that were there before and of those that come", async () => {
    world.server.logs = async function* (pod, { signal }) {
      yield `2026-11-21T10:00:00.5Z hello from ${pod}`;
      await new Promise((resolve) => signal?.addEventListener("abort", resolve, { once: true }));
    };
    world.setPolicies(true);
    world.fillPool(2);
    await waitFor("warm pods", () => gateway.launcher.warmPods === 2 && gateway.cluster.isolation().level === "sandbox");
    const { endpoint } = await gateway.app().wake();
    start({ live: [makeSpec({ appId: "a2" })] });
    const heard = (): string[] => published.filter((event) => event.type === "log").map(({ appId, line }) => `${appId} ${line.text}`);
    await waitFor("the first", () => heard().includes(`a1 hello from ${endpoint.instanceId}`));
    const next = await gateway.app("a2").wake();
    await waitFor("the next", () => heard().includes(`a2 hello from ${next.endpoint.instanceId}`));
  });
});
