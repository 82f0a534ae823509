import { describe, expect, it } from "vitest";
import type { ClusterEvent, Deployment, Pod } from "./client-resources.ts";
import { explainPod } from "./explain.ts";

type Container = NonNullable<NonNullable<Pod["status"]>["containerStatuses"]>[number];

const image = "registry.example/runner:1";
const makePod = (status: Pod["status"] = {}, state?: Container["state"], more: Partial<Container> = {}): Pod => ({
  metadata: { name: "a", uid: "u" },
  spec: { containers: [{ name: "runner", image, resources: { limits: { memory: "256Mi" } } }] },
  status: {
    ...status,
    ...(state === undefined
      ? {}
      : { containerStatuses: [{ name: "runner", image, imageID: "", ready: false, restartCount: 0, state, ...more }] }),
  },
});
const event = (reason: string, message: string): ClusterEvent => ({ reason, message, involvedObject: {}, metadata: {} });
const unscheduled = (message: string): Pod =>
  makePod({ phase: "Pending", conditions: [{ type: "PodScheduled", status: "False", reason: "Unschedulable", message }] });
const refused = (message: string): Deployment => ({
  spec: { selector: {}, template: {} },
  status: { conditions: [{ type: "ReplicaFailure", status: "True", reason: "FailedCreate", message }] },
});
const waiting = (reason: string, message = ""): Pod => makePod({ phase: "Pending" }, { waiting: { reason, message } });
const ended = (exitCode: number, message: object | string = "", reason = "Error", more: Partial<Container> = {}): Pod =>
  makePod(
    { phase: "Running" },
    { terminated: { exitCode, reason, message: typeof message === "string" ? message : JSON.stringify(message) } },
    more,
  );

describe("a pod that no node takes", () => {
  it.each([
    [
      "0/1 nodes are available: 1 Insufficient memory. no new claims to deallocate, preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod.",
      "the cluster has no room for it: of one node, 1 is short of memory",
    ],
    [
      "0/5 nodes are available: 2 Insufficient cpu, 1 Too many pods, 1 node(s) had untolerated taint {team: a}, 1 node(s) were unschedulable. preemption: none",
      "the cluster has no room for it: of 5 nodes, 2 are short of CPU, 1 runs as many pods as it may, 1 is kept for other work, 1 takes nothing new",
    ],
    [
      "0/3 nodes are available: 3 node(s) had untolerated taint {node.kubernetes.io/not-ready: }. preemption: 0/3 nodes are available",
      "the cluster has no room for it: of 3 nodes, 3 are away",
    ],
    [
      "0/1 nodes are available: 1 node(s) had untolerated taint(s). no new claims to deallocate, preemption: 0/1 nodes are available",
      "the cluster has no room for it: of one node, 1 is away or kept for other work",
    ],
    [
      "0/2 nodes are available: 2 node(s) didn't match Pod's node affinity/selector.",
      "the cluster has no room for it: of 2 nodes, 2 are not meant for apps",
    ],
    ["0/1 nodes are available: 1 Insufficient ephemeral-storage.", "the cluster has no room for it: of one node, 1 is short of disk space"],
    ["no nodes available to schedule pods", "the cluster has no nodes"],
    ["something new", "no node of the cluster may run it: something new"],
  ])("%s", (message, words) => {
    expect(explainPod({ pod: unscheduled(message) })).toEqual({ problem: "unschedulable", words });
  });
});

describe("a pod whose image is not had", () => {
  it.each([
    ["ErrImageNeverPull", "", [], `the runner's image ${image} is not on the node, and may not be pulled`],
    ["InvalidImageName", "", [], `the runner's image ${image} is no valid name`],
    [
      "ImagePullBackOff",
      "Back-off pulling image",
      [event("Failed", `Failed to pull image "${image}": rpc error: code = NotFound: not found`)],
      `the runner's image ${image} cannot be pulled: there is none of that name`,
    ],
    [
      "ErrImagePull",
      "failed to authorize: 401 Unauthorized",
      [],
      `the runner's image ${image} cannot be pulled: its registry does not let the cluster have it`,
    ],
    [
      "ErrImagePull",
      "dial tcp: lookup registry.example: no such host",
      [],
      `the runner's image ${image} cannot be pulled: its registry is not reached`,
    ],
  ])("%s %s", (reason, message, events, words) => {
    expect(explainPod({ pod: waiting(reason, message), events })).toEqual({ problem: "image", words });
  });

  it("is told when it is only on its way", () => {
    const pulling = event("Pulling", `Pulling image "${image}"`);
    expect(explainPod({ pod: waiting("ContainerCreating"), events: [pulling] })).toEqual({
      problem: "pulling",
      words: `the node is pulling the runner's image ${image}`,
    });
    expect(explainPod({ pod: waiting("ContainerCreating"), events: [pulling, event("Pulled", "Successfully pulled")] })).toBeNull();
  });
});

describe("a container that ended", () => {
  it.each([
    ["by its own word", ended(3, { kind: "exit", code: 3 }), { problem: "crash", words: "it ended by itself with exit code 3" }],
    [
      "for memory, by its init's word",
      ended(137, { kind: "memory", peakMiB: 256, limitMiB: 256 }),
      { problem: "memory", words: "it was killed at 256 MB, peak 256 MB: it needs more memory than its limit" },
    ],
    [
      "for memory, with its init",
      ended(137, "", "OOMKilled"),
      { problem: "memory", words: "it was killed at 256 MB, peak 256 MB: it needs more memory than its limit" },
    ],
    ["by a signal", ended(139, { kind: "signal", signal: "SIGSEGV" }), { problem: "crash", words: "it crashed in native code (SIGSEGV)" }],
    [
      "with what it raised",
      ended(1, { kind: "exit", code: 1, error: { kind: "load", type: "ImportError", message: "No module named 'x'" } }),
      { problem: "crash", words: "it ended by itself with exit code 1 (ImportError: No module named 'x')" },
    ],
  ])("%s", (_how, pod, explanation) => {
    expect(explainPod({ pod })).toEqual(explanation);
  });

  it("again and again, says how often, how, and what it wrote last", () => {
    const terminated = { exitCode: 1, reason: "Error", message: JSON.stringify({ kind: "exit", code: 1 }) };
    const pod = makePod({ phase: "Running" }, { waiting: { reason: "CrashLoopBackOff" } }, { restartCount: 4, lastState: { terminated } });
    expect(explainPod({ pod, lastLines: ["Traceback", "KeyError: 'URL'"] })).toEqual({
      problem: "crash_loop",
      words: "it ended 4 times, the last time it ended by itself with exit code 1; it last wrote: Traceback | KeyError: 'URL'",
    });
  });

  it("and runs well again is no problem any more", () => {
    const terminated = { exitCode: 1, reason: "Error", message: "" };
    const pod = makePod({ phase: "Running" }, { running: {} }, { ready: true, restartCount: 1, lastState: { terminated } });
    expect(explainPod({ pod })).toBeNull();
  });
});

describe("a pod that its node does not run", () => {
  const failed = (reason: string, message = ""): Pod => makePod({ phase: "Failed", reason, message });
  it.each([
    [
      failed("Evicted", "The node was low on resource: memory. Threshold quantity: 100Mi"),
      "node",
      "its node ran short of memory and ended it",
    ],
    [
      failed("Evicted", "Usage of EmptyDir volume exceeds the limit"),
      "node",
      "its node ended it: Usage of EmptyDir volume exceeds the limit",
    ],
    [failed("NodeLost"), "node", "its node went away"],
    [
      failed("OutOfcpu", "Node didn't have enough resource: cpu"),
      "unschedulable",
      "its node had no room for it after all: Node didn't have enough resource: cpu",
    ],
    [failed("DeadlineExceeded"), "container", "it was not done in the time that it had"],
  ])("%#", (pod, problem, words) => {
    expect(explainPod({ pod })).toEqual({ problem, words });
  });

  it("says that the node is away, has no network, or lacks what the pod starts from", () => {
    const starting = waiting("ContainerCreating");
    expect(explainPod({ pod: starting, events: [event("NodeNotReady", "Node is not ready")] })).toEqual({
      problem: "node",
      words: "its node is away; it is started on another one",
    });
    expect(explainPod({ pod: starting, events: [event("FailedCreatePodSandBox", "plugin not initialized")] })).toEqual({
      problem: "node",
      words: "its node has no network for it yet: plugin not initialized",
    });
    expect(explainPod({ pod: starting, events: [event("FailedMount", 'configmap "app-a-code-1" not found')] })).toEqual({
      problem: "container",
      words: 'what it starts from is not there yet: configmap "app-a-code-1" not found',
    });
    expect(explainPod({ pod: waiting("CreateContainerConfigError", 'secret "pool-key" not found') })).toEqual({
      problem: "container",
      words: 'its container cannot be made: secret "pool-key" not found',
    });
  });
});

describe("a Deployment without a pod", () => {
  it.each([
    [
      'pods "a" is forbidden: exceeded quota: apps, requested: pods=1, used: pods=20, limited: pods=20',
      "quota",
      "the cluster's quota apps for apps is used up: pods=1 asked for, pods=20 used of pods=20",
    ],
    [
      'pods "a" is forbidden: maximum memory usage per Container is 128Mi, but limit is 256Mi',
      "quota",
      "the cluster's limits for apps do not allow it: maximum memory usage per Container is 128Mi, but limit is 256Mi",
    ],
    [
      'pods "a" is forbidden: violates PodSecurity "restricted:latest": x',
      "refused",
      'the cluster\'s pod security standard refuses it: pods "a" is forbidden: violates PodSecurity "restricted:latest": x',
    ],
    ["admission webhook denied the request", "refused", "the cluster refuses to make its pod: admission webhook denied the request"],
  ])("%s", (message, problem, words) => {
    expect(explainPod({ pod: null, deployment: refused(message) })).toEqual({ problem, words });
  });

  it("that was not asked for anything is no problem", () => {
    expect(explainPod({ pod: null })).toBeNull();
    expect(explainPod({ pod: null, deployment: { spec: { selector: {}, template: {} }, status: {} } })).toBeNull();
  });
});

it("a pod that runs is no problem", () => {
  expect(explainPod({ pod: makePod({ phase: "Running" }, { running: {} }, { ready: true }), events: [event("Pulled", "")] })).toBeNull();
  expect(explainPod({ pod: makePod({ phase: "Pending" }) })).toBeNull();
});
