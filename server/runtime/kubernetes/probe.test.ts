import { beforeEach, describe, expect, it } from "vitest";
import { createFakeServer, type FakeClient, type FakeServer } from "./api-server.test-part.ts";
import { createControllers, type Controllers } from "./controllers.test-part.ts";
import { labels, policyStateName } from "./names.ts";
import { createPolicyState } from "./policy-state.ts";
import { probeNetworkPolicies, type ProbeResult } from "./probe.ts";

const options = { namespace: "apps", image: "runner:1", door: null };
let server: FakeServer;
let client: FakeClient;
let kubelet: Controllers;
let stop: AbortController;
/** What the kubelet does with a probe's pod that has just been made. */
let onPod: (name: string) => void;
const isListener = (name: string): boolean => name.endsWith("-listen");

beforeEach(() => {
  server = createFakeServer();
  kubelet = createControllers(server);
  client = server.connect();
  stop = new AbortController();
  const seen = new Set<string>();
  server.onChange = () => {
    for (const { metadata } of server.all("pods")) {
      if (seen.has(metadata!.uid!)) continue;
      seen.add(metadata!.uid!);
      onPod(metadata!.name!);
    }
  };
});

/** Exit codes of the pods that connect, in order: 0 has reached the other, 10 has not. */
const answer = (...codes: number[]): void => {
  onPod = (name) => (isListener(name) ? kubelet.startPods(name) : kubelet.end(name, { exitCode: codes.shift()! }));
};
const probe = (podMs?: number): Promise<ProbeResult> =>
  probeNetworkPolicies({ client, options, signal: stop.signal, ...(podMs === undefined ? {} : { podMs }) });
const left = (): number => server.all("pods").length;

describe("the proof that NetworkPolicies hold", () => {
  it("is a connection that fails, to a pod that listens before and after", async () => {
    answer(10);
    expect(await probe()).toMatchObject({ enforced: true });
    expect(left()).toBe(0);
  });

  it("fails only on a second connection: a policy reaches a new pod's node a moment after the pod", async () => {
    answer(0, 10);
    expect((await probe()).enforced).toBe(true);
    answer(0, 0);
    const { enforced, detail } = await probe();
    expect(enforced).toBe(false);
    expect(detail).toContain("the network plugin does not enforce them");
    expect(left()).toBe(0);
  });

  it.each([
    ["the pod that connects cannot say", () => answer(2), "ended with exit code 2"],
    [
      "the one that listens goes away meanwhile",
      () =>
        (onPod = (name) => {
          if (isListener(name)) return kubelet.startPods(name);
          const other = server.all("pods").find(({ metadata }) => isListener(metadata!.name!))!;
          kubelet.end(name, { exitCode: 10 });
          server.remove("pods", other.metadata!.name!);
        }),
      "the pod that listens went away",
    ],
    ["somebody deletes a pod", () => (onPod = (name) => server.remove("pods", name)), "was deleted by somebody else"],
    ["the listener ends", () => (onPod = (name) => kubelet.end(name, { exitCode: 1 })), "ended with exit code 1"],
  ])("is none when %s", async (_, arrange, words) => {
    arrange();
    await expect(probe()).rejects.toMatchObject({
      code: "runtime_unavailable",
      message: expect.stringMatching(new RegExp(`^Whether NetworkPolicies hold could not be tried: .*${words}`)),
    });
    expect(left()).toBe(0);
  });

  it("says why a pod does not come up, as far as the cluster tells", async () => {
    onPod = (name) =>
      server.edit("pods", name, (pod) => {
        const message = "no nodes available to schedule pods";
        pod.status = { phase: "Pending", conditions: [{ type: "PodScheduled", status: "False", reason: "Unschedulable", message }] };
      });
    await expect(probe(1)).rejects.toThrow("could not be tried: the cluster has no nodes");
    onPod = () => {};
    await expect(probe(1)).rejects.toThrow("did not come up within 0 s");
    expect(left()).toBe(0);
  });

  it("removes what a probe before it left, and what is there when it is cut off", async () => {
    server.put("pods", { metadata: { name: "probe-old-listen", labels: { [labels.probe]: "old" } } });
    answer(10);
    await probe();
    expect(left()).toBe(0);
    onPod = () => stop.abort(new Error("another leads"));
    await expect(probe()).rejects.toThrow("another leads");
    expect(left()).toBe(0);
  });
});

describe("what is known of it", () => {
  it("is nothing at first, then what was proved, for every process", async () => {
    let heard = 0;
    const state = createPolicyState(client, stop.signal, () => (heard += 1));
    const other = createPolicyState(server.connect(), stop.signal, () => {});
    await Promise.all([state.read(), other.read()]);
    expect(state.isolation()).toMatchObject({ level: "none", detail: expect.stringContaining("is being tried") });
    answer(10);
    await state.prove(options, stop.signal);
    expect(state.isolation()).toMatchObject({ level: "sandbox", limits: "cgroup" });
    expect(heard).toBe(1);
    await expect.poll(() => other.isolation().level).toBe("sandbox");
    answer(0, 0);
    await other.prove(options, stop.signal);
    await expect.poll(() => state.isolation().detail).toContain("does not enforce NetworkPolicies");
    expect(server.find("configmaps", policyStateName)?.data).toMatchObject({ enforced: "false" });
    stop.abort();
  });

  it("stays what it was when a proof cannot be made", async () => {
    server.put("configmaps", { metadata: { name: policyStateName }, data: { enforced: "true", detail: "Tried." } });
    const state = createPolicyState(client, stop.signal, () => {});
    await state.read();
    answer(2);
    await expect(state.prove(options, stop.signal)).rejects.toMatchObject({ code: "runtime_unavailable" });
    expect(state.isolation().level).toBe("sandbox");
    stop.abort();
  });
});
