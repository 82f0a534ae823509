/** The cluster itself fails: its API server answers nothing for a minute, its node is away. What is awake is served all along. */
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { waitFor } from "../wait.ts";
import { kubectl, makeAppsNamespace, type AppsNamespace } from "./apps-namespace.ts";
import { makeSpec, notServed, onePod, openProcess, podsOf, startVisitors, waitForPool, type Live, type Process } from "./faults-world.ts";
import { findNode, stopPart } from "./node.ts";

const node = await findNode();
const awayMs = 60_000;

describe.skipIf(node === null)("outages of the cluster", () => {
  let namespace: AppsNamespace;
  let live: Live;
  let processes: Process[];
  beforeAll(async () => {
    namespace = await makeAppsNamespace();
    live = new Map();
    processes = [
      await openProcess(namespace.name, live, { worker: true }),
      await openProcess(namespace.name, live, { worker: true, wakeTimeoutMs: 15_000 }),
    ];
    await waitForPool(processes[0]!, 2);
    for (const appId of ["awake", "asleep", "later"]) {
      await processes[0]!.deploy(makeSpec(appId));
      await onePod(namespace, appId);
    }
    await fallAsleep("asleep");
    await fallAsleep("later");
    await waitForPool(processes[0]!, 2);
  });
  afterAll(async () => {
    for (const each of processes ?? []) await each.close();
    await namespace?.remove();
  });
  const fallAsleep = async (appId: string): Promise<void> => {
    await processes[0]!.runtime.sleep(appId, { force: true });
    await waitFor("it sleeps", async () => (await podsOf(namespace, appId)).length === 0, 60_000);
    await waitFor("all know it", () => processes.every(({ runtime }) => runtime.endpoints(appId).length === 0));
  };
  const leaders = (): number => processes.filter(({ runtime }) => runtime.leads).length;

  it("the API server answers nothing for a minute: who is awake is served, who waits is told when to come again, and all goes on", async () => {
    const [first, second] = processes as [Process, Process];
    const visitors = processes.map((each) => startVisitors(each, "awake", 100));
    const goOn = await stopPart(node!, "kube-apiserver");
    const stoppedAt = performance.now();
    try {
      await delay(1_000);
      // Nobody can tell the cluster that it should sleep: it stays awake, and is served.
      await expect(first.runtime.sleep("awake", { force: true })).rejects.toMatchObject({ code: "runtime_unavailable" });
      expect(first.runtime.endpoints("awake")).toHaveLength(1);
      const refused = await second.call("asleep");
      expect([refused.status, Number(refused.headers["retry-after"])]).toEqual([503, expect.any(Number)]);
      await expect(second.deploy(makeSpec("awake", 2))).rejects.toMatchObject({
        code: "runtime_unavailable",
        message: expect.stringMatching(/API server/),
      });
      await delay(awayMs - (performance.now() - stoppedAt));
      expect(leaders(), "nobody who cannot renew the lease leads").toBe(0);
    } finally {
      await goOn();
    }
    const answer = await first.call("asleep");
    expect(answer.status, answer.text).toBe(200);
    await waitFor("one leads again", () => leaders() === 1, 40_000);
    expect(first.warnings.concat(second.warnings)).toContainEqual(expect.stringMatching(/lease of the leader is not reached/));
    const answers = (await Promise.all(visitors.map((each) => each.end()))).flat();
    expect(answers.length).toBeGreaterThan(500);
    expect(notServed(answers)).toEqual([]);
    await onePod(namespace, "awake");
    await onePod(namespace, "asleep");
    await waitForPool(first, 2);
  });

  it("the node is away: who is awake is served, who waits hears that it is away, and all goes on when it is back", async () => {
    const [first, second] = processes as [Process, Process];
    const visitors = startVisitors(first, "awake", 100);
    const goOn = await stopPart(node!, "kubelet");
    try {
      await waitFor(
        "the node is not ready",
        async () => (await kubectl(["get", "nodes", "-o", "jsonpath={.items[0].status.conditions[-1].status}"])).trim() !== "True",
        90_000,
      );
      await waitFor("no pod is ready", () => second.runtime.warmRunners === 0);
      const refused = await second.call("later");
      expect([refused.status, Number(refused.headers["retry-after"])]).toEqual([503, expect.any(Number)]);
      const told = second.events.flatMap((event) => (event.type === "log" ? [event.line.text] : []));
      expect(told).toContainEqual(expect.stringMatching(/^The app cannot be started now: .*away/));
    } finally {
      await goOn();
    }
    expect(notServed(await visitors.end())).toEqual([]);
    await waitFor("it wakes", async () => (await first.call("later")).status === 200, 60_000);
    await onePod(namespace, "awake");
    await onePod(namespace, "later");
    expect((await first.call("awake")).status).toBe(200);
  });
});
