import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { waitFor } from "../../../tests/wait.ts";
import { createWorld, makeSpec, report, type Gateway, type World } from "./gateway.test-part.ts";

const spec = makeSpec();
let world: World;
let gateway: Gateway;
beforeEach(async () => {
  world = createWorld();
  world.runControllers();
  world.fillPool(3);
  gateway = await world.open([spec]);
});
afterEach(() => world.close());

const instances = (): number | undefined => world.server.find("deployments", "app-a1")?.spec?.replicas;
/** Wakes the app, and waits until the pod that its Deployment had begun to start is gone again. */
async function wake(): Promise<string> {
  const { endpoint } = await gateway.app().wake();
  await waitFor("the other's end", () => {
    world.controllers.reap();
    return gateway.cluster.view("a1").pods.every(({ name, owned }) => name === endpoint.instanceId && owned);
  });
  return endpoint.instanceId;
}

describe("putting an app to sleep", () => {
  it("ends its instances and says that it was idle", async () => {
    const name = await wake();
    expect(await gateway.app().sleep(false)).toBe(true);
    expect(gateway.app().endpoints).toEqual([]);
    expect(instances()).toBe(0);
    expect(world.server.find("pods", name)?.metadata?.deletionTimestamp).toBeDefined();
    expect(gateway.heard("asleep")).toEqual([{ type: "asleep", appId: "a1", reason: "idle" }]);
    expect(gateway.counted).toEqual(["woken warm", "instanceEnded idle"]);
    const written = world.server.writes.slice(-2);
    // The other way round the Deployment would start another one.
    expect(written).toEqual(["patch deployments app-a1", `delete pods ${name}`]);
  });

  it("is refused while a request is in flight, unless it is forced", async () => {
    const name = await wake();
    const leave = [gateway.app().enter(name)!, gateway.app().enter(name)!];
    leave[0]!();
    leave[0]!();
    expect(await gateway.app().sleep(false), "one of two is left, however often the other says that it is done").toBe(false);
    expect(gateway.app().endpoints).toHaveLength(1);
    expect(await gateway.app().sleep(true)).toBe(true);
    expect(gateway.heard("asleep").map(({ reason }) => reason)).toEqual(["asked"]);
    expect(gateway.app().enter(name)).toBeNull();
    leave[1]!();
  });

  it("is allowed again when the last request has left", async () => {
    const name = await wake();
    const leave = gateway.app().enter(name)!;
    expect(await gateway.app().sleep(false)).toBe(false);
    leave();
    expect(await gateway.app().sleep(false)).toBe(true);
  });

  it("is refused while the app is waking; forced, the request that waits wakes it anew", async () => {
    const reached = Promise.withResolvers<void>();
    gateway.give = (_pod, _spec, _mode, signal) => {
      reached.resolve();
      return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true }));
    };
    const waking = wake();
    await reached.promise;
    expect(await gateway.app().sleep(false)).toBe(false);
    gateway.give = async () => report;
    expect(await gateway.app().sleep(true)).toBe(true);
    const name = await waking;
    expect(gateway.given).toHaveLength(2);
    expect(name).toBe(gateway.given[1]);
    expect(world.server.find("pods", gateway.given[0]!)).toBeUndefined();
    expect(gateway.heard("failed")).toEqual([]);
  });

  it("lets a request that comes meanwhile wake the app anew, on another pod", async () => {
    const first = await wake();
    const gate = Promise.withResolvers<void>();
    world.server.before = (call) => (call === "delete pods" ? gate.promise : undefined);
    const sleeping = gateway.app().sleep(false);
    await waitFor("the deletion", () => world.server.writes.includes(`delete pods ${first}`));
    const waking = wake();
    expect(gateway.app().endpoints).toEqual([]);
    gate.resolve();
    expect(await sleeping).toBe(true);
    const second = await waking;
    expect(second).not.toBe(first);
    expect(gateway.app().endpoints.map(({ instanceId }) => instanceId)).toEqual([second]);
    expect(instances()).toBe(1);
  });

  it("is seen by the other gateways, which send nothing there any more", async () => {
    const name = await wake();
    const other = await world.open([spec]);
    other.accept(name);
    expect(other.app().endpoints).toHaveLength(1);
    world.server.onChange = () => {};
    await gateway.app().sleep(true);
    await waitFor("the other's word of it", () => other.app().endpoints.length === 0);
    expect(other.heard("asleep").map(({ reason }) => reason)).toEqual(["asked"]);
  });
});

describe("an app that ends by itself", () => {
  const memory = { kind: "memory", limitMiB: 256, peakMiB: 256 };

  it("is told as died once, in words, and started again by the next request only", async () => {
    const name = await wake();
    world.controllers.end(name, { exitCode: 137, message: memory });
    world.controllers.restart(name);
    await waitFor("its burial", () => instances() === 0 && world.server.find("pods", name) === undefined);
    await waitFor("the word of it", () => gateway.cluster.view("a1").pods.length === 0);
    const reason = "was killed at 256 MB, peak 256 MB: it needs more memory than its limit";
    expect(gateway.heard("died")).toEqual([{ type: "died", appId: "a1", reason }]);
    expect(gateway.heard("asleep")).toEqual([]);
    expect(gateway.heard("log").map(({ line }) => line.text)).toEqual([`The app ${reason}`]);
    expect(gateway.counted).toEqual(["woken warm", "instanceEnded memory"]);
    expect(await wake()).not.toBe(name);
  });

  it("is written into its log by the process that leads alone", async () => {
    gateway.isTelling = false;
    world.controllers.end(await wake(), { exitCode: 3 });
    await waitFor("the death", () => gateway.heard("died").length === 1);
    expect(gateway.heard("died")[0]?.reason).toBe("ended by itself with exit code 3");
    expect(gateway.heard("log")).toEqual([]);
    expect(gateway.counted).toEqual(["woken warm"]);
  });

  it("is not mourned when it was told to end", async () => {
    const name = await wake();
    await gateway.app().sleep(false);
    world.controllers.end(name, { exitCode: 0 });
    world.controllers.reap();
    await waitFor("its end", () => gateway.cluster.view("a1").pods.length === 0);
    expect(gateway.heard("died")).toEqual([]);
    expect(gateway.app().isIdle).toBe(true);
  });
});

describe("removing an app", () => {
  it("ends what runs and what starts, and resolves when nothing answers any more", async () => {
    const name = await wake();
    let isRemoved = false;
    const removing = gateway
      .app()
      .remove()
      .then(() => (isRemoved = true));
    await waitFor("the pod's end to begin", () => world.server.find("pods", name)?.metadata?.deletionTimestamp);
    expect(world.server.find("deployments", "app-a1")).toBeUndefined();
    expect(isRemoved).toBe(false);
    world.controllers.reap();
    await removing;
    expect(gateway.app().endpoints).toEqual([]);
    await gateway.app().remove();
  });

  it("ends a wake that is under way, with the reason", async () => {
    gateway.give = (_pod, _spec, _mode, signal) =>
      new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true }));
    const waking = wake();
    waking.catch(() => undefined);
    await waitFor("the files", () => gateway.given.length === 1);
    const removing = gateway.app().remove();
    await waitFor("the app's end", () => world.server.find("deployments", "app-a1") === undefined);
    world.controllers.reap();
    await removing;
    await expect(waking).rejects.toMatchObject({ message: "The app was deleted" });
    expect(world.podsOf("a1")).toEqual([]);
  });
});
