import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { waitFor } from "../../../tests/wait.ts";
import { AppError } from "#core/contract/problem.ts";
import { LoadFailure } from "../load-failure.ts";
import type { Endpoint, RuntimeDeployEvent } from "../runtime.ts";
import { deployTo } from "./deploy.ts";
import { createWorld, makeSpec, type Gateway, type World } from "./gateway.test-part.ts";
import { labels } from "./names.ts";

const first = makeSpec();
const second = makeSpec({ version: 2, bundleHash: "cd".repeat(32), readFiles: async () => ({ "main.py": "app = 2\n" }) });
const never = new AbortController().signal;
let world: World;
let gateway: Gateway;
let told: RuntimeDeployEvent[];
beforeEach(async () => {
  world = createWorld();
  world.runControllers();
  world.fillPool(3);
  gateway = await world.open([first]);
  told = [];
});
afterEach(() => world.close());

const deploy = (spec = second, commit: (endpoint: Endpoint) => Promise<void> = async () => {}, signal = never): Promise<void> =>
  deployTo(
    { ...gateway, appPort: 8000, logger: { warn: (message) => void gateway.warnings.push(message) } },
    spec,
    commit,
    signal,
    (event) => void told.push(event),
  );
/** The first version runs in one pod, which has joined its ReplicaSet. */
async function wakeFirst(): Promise<Endpoint> {
  const { endpoint } = await gateway.app().wake();
  await waitFor("its place in the ReplicaSet", () => {
    world.controllers.reap();
    return gateway.cluster.view("a1").pods.every(({ name, owned }) => name === endpoint.instanceId && owned);
  });
  return endpoint;
}
const versions = (): number[] => gateway.app().endpoints.map(({ version }) => version);
/** What of the app stands on the cluster. */
const template = (): string | undefined => world.server.find("deployments", "app-a1")?.spec?.template.metadata?.labels?.[labels.version];
const warmPods = (): number => world.podsOf(null).length;

describe("a deployment", () => {
  it("makes a first version live: the pod that loaded it is the Deployment's only one, with its files beside", async () => {
    let atCommit: Endpoint | null = null;
    await deploy(first, async (endpoint) => {
      atCommit = endpoint;
      expect(world.server.find("deployments", "app-a1"), "nothing is made before the commit").toBeUndefined();
    });
    const stages = told.map((event) => (event.type === "stage" ? `${event.stage} ${event.status}` : event.type));
    expect(stages).toEqual([
      "checking started",
      "checking succeeded",
      "creating started",
      "creating succeeded",
      "starting started",
      "starting succeeded",
      "ready",
    ]);
    gateway.app().look();
    expect(gateway.app().endpoints).toEqual([atCommit]);
    await waitFor("the other's end", () => world.podsOf("a1").length === 1);
    expect(world.podsOf("a1")).toEqual(gateway.given);
    expect(world.server.all("configmaps")).toHaveLength(1);
    expect(world.server.all("secrets")).toHaveLength(1);
  });

  it("lets the old version serve until the commit, and the new one from then on", async () => {
    const endpoint = await wakeFirst();
    const seen: number[][] = [];
    await deploy(second, async () => {
      seen.push(versions());
      expect(template()).toBe("1");
    });
    gateway.app().look();
    seen.push(versions());
    expect(seen).toEqual([[1], [2]]);
    expect(template()).toBe("2");
    await waitFor("the old pod's end", () => !world.podsOf("a1").includes(endpoint.instanceId));
    await waitFor("the old files' end", () => world.server.all("configmaps").length === 1);
    const used = world.server.find("deployments", "app-a1")?.spec?.template.spec?.volumes?.find(({ configMap }) => configMap)?.configMap;
    expect(world.server.all("configmaps")[0]?.metadata?.name).toBe(used?.name);
  });

  it("deletes the pod and changes nothing when the commit throws", async () => {
    const endpoint = await wakeFirst();
    const before = world.server.find("deployments", "app-a1")?.metadata?.resourceVersion;
    const refused = new AppError("conflict", "Another version was made live meanwhile");
    await expect(deploy(second, () => Promise.reject(refused))).rejects.toBe(refused);
    expect(world.podsOf("a1")).toEqual([endpoint.instanceId]);
    expect(world.server.find("deployments", "app-a1")?.metadata?.resourceVersion).toBe(before);
    expect(world.server.all("configmaps")).toHaveLength(1);
    expect(versions()).toEqual([1]);
    expect(told.at(-1)).toMatchObject({ type: "stage", stage: "starting" });
  });

  it("fails with the app's own error at the stage it came at; the old version serves on", async () => {
    await wakeFirst();
    const error = { kind: "load", type: "SyntaxError", message: "invalid syntax", file: "main.py", line: 1 } as const;
    gateway.give = () => Promise.reject(new LoadFailure(error, null));
    await deploy();
    expect(told.at(-1)).toEqual({ type: "failed", stage: "starting", error });
    expect(versions()).toEqual([1]);
    await waitFor("the pods' end", () => world.podsOf("a1").length === 1);
  });

  it("goes on after the commit until its objects are written, however often the cluster refuses", async () => {
    await wakeFirst();
    let refusals = 0;
    world.server.before = (call) => {
      if (call !== "apply deployments" || refusals >= 2) return;
      refusals += 1;
      throw new AppError("runtime_unavailable", "The API server is away");
    };
    let commits = 0;
    await deploy(second, async () => void (commits += 1));
    expect([commits, refusals]).toEqual([1, 2]);
    expect(template()).toBe("2");
    expect(told.at(-1)?.type).toBe("ready");
    expect(gateway.warnings[0]).toBe("Version 2 of a1 is live and its objects are not written yet: The API server is away");
  });

  it("ends when nobody follows it any more: the pod goes, and nothing is committed", async () => {
    const left = new AbortController();
    const reason = new Error("nobody follows the deployment any more");
    gateway.give = (_pod, _spec, _mode, signal) =>
      new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true }));
    let commits = 0;
    const deploying = deploy(first, async () => void (commits += 1), left.signal);
    deploying.catch(() => undefined);
    await waitFor("the files", () => gateway.given.length === 1);
    left.abort(reason);
    await expect(deploying).rejects.toBe(reason);
    expect(commits).toBe(0);
    expect(world.podsOf("a1")).toEqual([]);
    expect(world.server.all("deployments").map(({ metadata }) => metadata?.name)).toEqual(["pool"]);
  });

  it("starts a pod of its own when the pool is empty or of another size, and takes none of the pool's", async () => {
    const large = makeSpec({ limits: { ...first.limits, cpus: 2 } });
    const before = warmPods();
    const deploying = deploy(large);
    const name = await waitFor("a pod", () => world.podsOf(null).find((each) => each.startsWith("app-warm-")));
    world.controllers.startPods(name);
    await deploying;
    expect(gateway.given).toEqual([name]);
    expect(warmPods()).toBe(before);
    expect(told.filter((event) => event.type === "stage").map(({ message }) => message)).toContain(`The pod ${name} has started`);
  });

  it("says why no pod could be started, and leaves none behind", async () => {
    const large = makeSpec({ limits: { ...first.limits, cpus: 2 } });
    const deploying = deploy(large);
    deploying.catch(() => undefined);
    const name = await waitFor("a pod", () => world.podsOf(null).find((each) => each.startsWith("app-warm-")));
    await waitFor("the word of it", () => [...gateway.cluster.pods()].some((pod) => pod.name === name));
    world.server.remove("pods", name);
    await expect(deploying).rejects.toMatchObject({
      code: "runtime_unavailable",
      message: "No pod could be started: the pod was deleted before it was ready",
    });
  });

  it("passes on what is wrong with the files before any pod is taken", async () => {
    const missing = makeSpec({ readFiles: () => Promise.reject(new AppError("not_found", "The bundle is gone")) });
    await expect(deploy(missing)).rejects.toMatchObject({ code: "not_found" });
    expect(world.server.writes).toEqual([]);
  });
});
