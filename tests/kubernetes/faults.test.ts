/** What befalls a cluster while the platform runs on it: pods that are deleted, processes that are killed, objects that others edit, a quota. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { InstanceSpec } from "#server/runtime/runtime.ts";
import { createRandom } from "../faults/random.ts";
import { waitFor } from "../wait.ts";
import { kubectl, makeAppsNamespace, type AppsNamespace } from "./apps-namespace.ts";
import { makeSpec, notServed, onePod, openProcess, podsOf, startVisitors, waitForPool, type Live, type Process } from "./faults-world.ts";

const repairs = { everyMs: 1_000, abandonedMs: 12_000 };
/** Three seconds each on two cores; `FP_FAULT_ROUNDS=50` for more. */
const rounds = Number(process.env["FP_FAULT_ROUNDS"] ?? 20);

describe.skipIf(!process.env["KUBECONFIG"])("faults of a cluster", () => {
  let namespace: AppsNamespace;
  let live: Live;
  let leader: Process;
  let other: Process;
  let succession: Promise<void>;
  beforeAll(async () => {
    namespace = await makeAppsNamespace();
    live = new Map();
    leader = await openProcess(namespace.name, live, { worker: true, warmPool: 3, repairs });
    other = await openProcess(namespace.name, live);
    await waitForPool(leader, 3);
    // It waits for a lease to run out: beside the others.
    succession = killLeader();
    succession.catch(() => {});
  });
  afterAll(async () => {
    await succession?.catch(() => {});
    await other?.close();
    await leader?.close();
    await namespace?.remove();
  });

  const deployAwake = async (appId: string, changes: Partial<InstanceSpec> = {}): Promise<string> => {
    const told = await leader.deploy(makeSpec(appId, 1, changes));
    expect(told.at(-1)).toMatchObject({ type: "ready" });
    return onePod(namespace, appId);
  };
  const deployAsleep = async (appId: string): Promise<void> => {
    await deployAwake(appId);
    await leader.runtime.sleep(appId, { force: true });
    await waitFor(
      "no pod",
      async () => (await podsOf(namespace, appId)).length === 0 && other.runtime.endpoints(appId).length === 0,
      60_000,
    );
    await waitForPool(leader, 2);
  };

  it("a serving pod that is deleted by hand under load: every request is answered", async () => {
    const pod = await deployAwake("deleted");
    const visitors = startVisitors(leader, "deleted");
    const slow = leader.call("deleted", "/slow?ms=1500");
    await delay(500);
    await namespace.kubectl("delete", "pod", pod, "--wait=false");
    const next = await waitFor("another pod", async () => (await podsOf(namespace, "deleted")).find((name) => name !== pod));
    await waitFor("it serves", () => leader.runtime.endpoints("deleted").some(({ instanceId }) => instanceId === next), 60_000);
    await delay(500);
    expect(notServed(await visitors.end())).toEqual([]);
    expect((await slow).status).toBe(200);
    expect(await onePod(namespace, "deleted")).toBe(next);
  });

  it("a warm pod that is deleted between its claim and its files: the app is started the plain way", async () => {
    await deployAsleep("lost");
    const plain = live.get("lost")!;
    let lost = "";
    live.set("lost", {
      ...plain,
      readFiles: async () => {
        const [claimed] = lost === "" ? (await podsOf(namespace, "lost")).filter((name) => name.startsWith("pool-")) : [];
        if (claimed) {
          lost = claimed;
          await namespace.kubectl("delete", "pod", claimed, "--force", "--grace-period=0", "--wait=true");
        }
        return plain.readFiles();
      },
    });
    const answer = await other.call("lost");
    expect(answer.status, answer.text).toBe(200);
    expect(lost).not.toBe("");
    expect(await onePod(namespace, "lost")).not.toBe(lost);
    live.set("lost", plain);
  });

  it("a process that is killed between its claim of a pod and the files: who waits elsewhere is answered", async () => {
    await deployAsleep("orphan");
    await waitForPool(leader, 1);
    const child = await startProcess(namespace.name, "wake", "orphan", "");
    const claimed = (await podsOf(namespace, "orphan")).find((name) => name.startsWith("pool-"));
    await child.kill();
    const started = performance.now();
    const answer = await leader.call("orphan");
    expect(answer.status, answer.text).toBe(200);
    expect(performance.now() - started).toBeLessThan(20_000);
    expect(claimed).toBeDefined();
    await onePod(namespace, "orphan");
  });

  it("a process that is killed in the middle of a deployment: the old version serves on, and its pod goes", async () => {
    await deployAwake("half");
    await waitForPool(leader, 1);
    const child = await startProcess(namespace.name, "deploy", "half", "");
    expect(await podsOf(namespace, "half")).toHaveLength(2);
    await child.kill();
    const pod = await onePod(namespace, "half");
    expect((await leader.call("half")).json()).toEqual({ app: "half", version: "1" });
    expect(leader.runtime.endpoints("half").map(({ instanceId }) => instanceId)).toEqual([pod]);
  });

  describe("an edit by somebody else is undone, while requests go on", () => {
    const deployment = "app-edited";
    const patch = (...edit: object[]) => namespace.kubectl("patch", "deployment", deployment, "--type=json", "-p", JSON.stringify(edit));
    const read = async (path: string) => (await namespace.kubectl("get", "deployment", deployment, "-o", `jsonpath=${path}`)).trim();
    const edits: [string, () => Promise<unknown>, () => Promise<unknown>][] = [
      [
        "another image",
        () => namespace.kubectl("set", "image", `deployment/${deployment}`, "runner=localhost/not-there:1"),
        async () => !(await read("{.spec.template.spec.containers[0].image}")).includes("not-there"),
      ],
      [
        "three instances",
        () => namespace.kubectl("scale", `deployment/${deployment}`, "--replicas=3"),
        async () => (await read("{.spec.replicas}")) === "1",
      ],
      [
        "an argument",
        () => patch({ op: "replace", path: "/spec/template/spec/containers/0/args", value: ["nonsense"] }),
        async () => !(await read("{.spec.template.spec.containers[0].args}")).includes("nonsense"),
      ],
      [
        "no labels of ours",
        () => namespace.kubectl("label", `deployment/${deployment}`, "app.kubernetes.io/managed-by-", "fastapi-platform/app-"),
        async () => (await read("{.metadata.labels}")).includes("managed-by"),
      ],
      [
        "its ReplicaSet deleted",
        () => namespace.kubectl("delete", "replicaset", "-l", "fastapi-platform/app=edited", "--wait=false"),
        async () => leader.runtime.endpoints("edited").length === 1,
      ],
      [
        "its files deleted",
        () => namespace.kubectl("delete", "configmap", "-l", "fastapi-platform/app=edited"),
        async () => (await namespace.kubectl("get", "configmap", "-l", "fastapi-platform/app=edited", "-o", "name")) !== "",
      ],
    ];
    beforeAll(async () => void (await deployAwake("edited")));
    it.each(edits)("%s", async (_what, edit, isMended) => {
      const visitors = startVisitors(leader, "edited", 100);
      await edit();
      await delay(500);
      await waitFor("it is as it was", isMended, 60_000);
      await onePod(namespace, "edited");
      await waitFor("it serves", async () => (await leader.call("edited")).status === 200);
      expect(notServed(await visitors.end())).toEqual([]);
    });
  });

  it("a quota that is used up is said in words to who wakes and who deploys; raised, both work", async () => {
    await deployAsleep("quota");
    const cramped = await openProcess(namespace.name, live, { wakeTimeoutMs: 4_000 });
    const quota = (pods: number) =>
      kubectl(
        ["-n", namespace.name, "apply", "-f", "-"],
        JSON.stringify({ apiVersion: "v1", kind: "ResourceQuota", metadata: { name: "few" }, spec: { hard: { pods: String(pods) } } }),
      );
    // Apps of another size than the pool's, so that each needs a pod of its own.
    const large = { limits: { ...makeSpec("quota").limits, memoryMiB: 200 } };
    live.set("quota", makeSpec("quota", 1, large));
    try {
      await quota(0);
      await waitFor(
        "the quota is known",
        async () => (await namespace.kubectl("get", "quota", "few", "-o", "jsonpath={.status.hard.pods}")) === "0",
      );
      const refused = await cramped.call("quota");
      expect([refused.status, Number(refused.headers["retry-after"])]).toEqual([503, expect.any(Number)]);
      const told = cramped.events.flatMap((event) => (event.type === "log" ? [event.line.text] : []));
      expect(told).toContainEqual(
        expect.stringMatching(/^The app cannot be started now: the cluster's quota few for apps is used up: pods=1 asked for/),
      );
      await expect(cramped.deploy(makeSpec("quota", 2, large))).rejects.toMatchObject({
        code: "runtime_unavailable",
        message: expect.stringMatching(/quota few .*is used up: pods=1 asked for/),
      });
      await quota(100);
      await waitFor("it wakes", async () => (await leader.call("quota")).status === 200, 30_000);
      expect((await cramped.deploy(makeSpec("quota", 2, large))).at(-1)).toMatchObject({ type: "ready" });
    } finally {
      await namespace.kubectl("delete", "quota", "few", "--ignore-not-found");
      await cramped.close();
    }
  });

  it("the leader is killed in the middle of a deployment: another leads, and nothing of it is left", async () => await succession);
  const killLeader = async (): Promise<void> => {
    const elsewhere = await makeAppsNamespace();
    let next: Process | undefined;
    try {
      const child = await startProcess(elsewhere.name, "deploy", "orphan", "leads");
      await child.kill();
      next = await openProcess(elsewhere.name, new Map(), { worker: true, repairs });
      await waitFor("it leads", () => next!.runtime.leads, 40_000);
      await waitFor("the pod goes", async () => (await podsOf(elsewhere, "orphan")).length === 0, 40_000);
      await waitForPool(next, 2);
      await next.deploy(makeSpec("orphan"));
      await onePod(elsewhere, "orphan");
    } finally {
      await next?.close();
      await elsewhere.remove();
    }
  };

  it(`two processes that wake the same and other apps out of one pool, ${rounds} rounds, seed 5: each app has one pod, no pod two apps`, async () => {
    const names = ["first", "second", "third"];
    for (const name of names) await deployAsleep(name);
    const random = createRandom(5);
    const appOf = new Map<string, string>();
    for (let round = 0; round < rounds; round += 1) {
      const asked = Array.from({ length: 2 + random.integer(3) }, () => ({ name: random.pick(names), by: random.pick([leader, other]) }));
      const answers = await Promise.all(
        asked.map(async ({ name, by }) => {
          await delay(random.integer(15));
          return { name, answer: await by.call(name) };
        }),
      );
      for (const { name, answer } of answers)
        expect([round, answer.status, answer.text]).toEqual([round, 200, expect.stringContaining(name)]);
      const woken = new Set(asked.map(({ name }) => name));
      for (const name of woken) {
        const pod = await onePod(namespace, name);
        expect(appOf.get(pod) ?? name).toBe(name);
        appOf.set(pod, name);
        await random.pick([leader, other]).runtime.sleep(name, { force: true });
      }
      for (const name of woken)
        await waitFor("both know that it sleeps", () => [leader, other].every(({ runtime }) => runtime.endpoints(name).length === 0));
    }
    for (const name of names) await waitFor("nothing is left over", async () => (await podsOf(namespace, name)).length === 0);
  }, 400_000);
});

/** Resolves when it holds a pod. */
async function startProcess(namespace: string, task: "wake" | "deploy", appId: string, leads: "" | "leads") {
  const child = spawn(process.execPath, [join(import.meta.dirname, "faults-process.ts"), namespace, task, appId, leads], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines = createInterface(child.stdout);
  const [line] = (await Promise.race([once(lines, "line"), once(child, "exit").then(([code]) => [`ended with ${code}`])])) as [string];
  if (line !== "holding") throw new Error(`the process ${line}`);
  return {
    async kill() {
      const gone = once(child, "exit");
      child.kill("SIGKILL");
      await gone;
    },
  };
}
