import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { waitFor } from "../../../tests/wait.ts";
import type { Obtained } from "./launch.ts";
import { annotations, labels } from "./names.ts";
import { createWorld, makeSpec, type Gateway, type World } from "./gateway.test-part.ts";

const spec = makeSpec();
const large = makeSpec({ limits: { ...spec.limits, memoryMiB: 512 } });
const never = new AbortController().signal;
let world: World;
let gateway: Gateway;
beforeEach(async () => {
  world = createWorld();
  world.runControllers();
  gateway = await world.open();
});
afterEach(() => world.close());

const obtain = (of = spec, signal = never, onCold = (): void => {}): Promise<Obtained> =>
  gateway.launcher.obtain(of, "app", signal, onCold);
const findOwn = (): Promise<string> => waitFor("a pod of its own", () => world.podsOf(null).find((name) => name.startsWith("app-warm-")));

describe("the pool", () => {
  it("gives each pod to one of many that ask two processes at once", async () => {
    world.fillPool(12);
    const other = await world.open();
    await waitFor("the pool", () => gateway.launcher.warmPods === 12 && other.launcher.warmPods === 12);
    for (const each of [gateway, other]) each.client.hold();
    const asked = Array.from({ length: 12 }, (_, index) =>
      [gateway, other][index % 2]!.launcher.obtain(makeSpec({ appId: `a${index}` }), "app", never, () => {}),
    );
    const obtained = await Promise.all(asked);
    expect(new Set(obtained.map(({ pod }) => pod.name)).size).toBe(12);
    expect(obtained.every(({ wasWarm }) => wasWarm)).toBe(true);
    for (const each of [gateway, other]) each.client.release();
  });

  it("has so many pods as can be taken, which those that are being taken are not", async () => {
    world.fillPool(2);
    await waitFor("the pool", () => gateway.launcher.warmPods === 2);
    const obtaining = obtain();
    expect(gateway.launcher.warmPods).toBe(1);
    await obtaining;
    expect(gateway.launcher.warmPods).toBe(1);
  });
});

describe("a pod of its own", () => {
  it("is made when the pool is empty, and says that it takes longer", async () => {
    let cold = 0;
    const obtaining = obtain(spec, never, () => void (cold += 1));
    const name = await findOwn();
    expect(cold).toBe(1);
    world.controllers.startPods(name);
    expect(await obtaining).toMatchObject({ wasWarm: false, pod: { name, appId: "a1", state: "loading" } });
  });

  it("is claimed although the kubelet writes a status in the same moment", async () => {
    let writes = 0;
    world.server.before = (call, name) => {
      if (call !== "patch pods" || (writes += 1) > 2) return;
      world.server.edit("pods", name, (pod) => void (pod.status!.phase = `Running ${writes}`));
    };
    const obtaining = obtain(large);
    world.controllers.startPods(await findOwn());
    expect((await obtaining).wasWarm).toBe(false);
    expect(writes).toBe(3);
  });

  it("goes when nobody waits for it any more", async () => {
    const left = new AbortController();
    const obtaining = obtain(large, left.signal);
    obtaining.catch(() => undefined);
    const name = await findOwn();
    left.abort(new Error("left"));
    await expect(obtaining).rejects.toThrow("left");
    expect(world.server.find("pods", name)).toBeUndefined();
  });

  it("says in words why it does not start, and goes", async () => {
    const obtaining = obtain(large);
    obtaining.catch(() => undefined);
    const name = await findOwn();
    world.controllers.end(name, { exitCode: 1 });
    await expect(obtaining).rejects.toThrow(/ended|stopped|crash|exit code/);
    expect(world.server.find("pods", name)).toBeUndefined();
  });
});

describe("a pod that joins its app", () => {
  it("joins what the Deployment wants now, of two templates that differ in nothing of the app's", async () => {
    world.fillPool(1);
    await gateway.makeAsleep(spec);
    await gateway.cluster.scale("a1", 0, 1);
    const wanting = () => gateway.cluster.view("a1").replicaSets.filter(({ replicas }) => replicas > 0).length;
    await waitFor("the first", () => wanting() === 1);
    world.server.onChange = () => {};
    const [old] = world.server.all("replicasets").filter(({ metadata }) => metadata?.name?.startsWith("app-a1"));
    const renamed = { ...old!.metadata!.labels, [labels.podTemplateHash]: "renewed" };
    world.server.put("replicasets", {
      metadata: { name: "app-a1-renewed", labels: renamed, annotations: { [annotations.revision]: "2" } },
      spec: { ...old!.spec!, replicas: 1, template: { ...old!.spec!.template, metadata: { labels: renamed } } },
    });
    await waitFor("both", () => wanting() === 2);
    const { pod } = await obtain();
    await gateway.launcher.adopt(pod, spec, never);
    expect(world.server.find("pods", pod.name)?.metadata?.labels).toMatchObject({ [labels.podTemplateHash]: "renewed" });
  });
});

describe("an app's Deployment", () => {
  it("is made by one of two processes, and the other leaves it at that", async () => {
    const other = await world.open();
    const made = await Promise.all([gateway, other].map(({ launcher }) => launcher.makeDeployment(spec)));
    expect(made.filter((isMade) => isMade)).toHaveLength(1);
    expect(world.server.all("deployments")).toHaveLength(1);
  });

  it("is made to run what is live, its files first: a pod of the new template must find them", async () => {
    await gateway.makeAsleep(spec);
    const next = makeSpec({ version: 2, bundleHash: "cd".repeat(32) });
    world.server.writes.length = 0;
    expect(await gateway.launcher.makeDeployment(next)).toBe(true);
    expect(world.server.writes.at(-1)).toBe("patch deployments app-a1");
    expect(world.server.writes.filter((write) => write.startsWith("create configmaps"))).toHaveLength(1);
    expect(world.server.find("deployments", "app-a1")?.spec?.replicas).toBe(1);
  });

  it("wakes from the pool although its files cannot be written, which is said", async () => {
    world.fillPool(1);
    gateway.live.set("a1", spec);
    world.server.before = (call) => {
      if (call === "create configmaps") throw new Error("quota exceeded");
    };
    expect((await gateway.app().wake()).endpoint.version).toBe(1);
    expect(gateway.warnings).toEqual(["The files of app a1 could not be written: quota exceeded"]);
  });
});
