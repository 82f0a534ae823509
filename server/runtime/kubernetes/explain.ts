/**
 * What keeps an app's pod from running, in words for its owner: from the pod, the cluster's notes about it, and its Deployment. Pure.
 * Words are a clause without a full stop; whoever says them puts "The app is not running yet: " or the like before.
 */
import { describeExit } from "../exit-reason.ts";
import type { ClusterEvent, Deployment, Pod } from "./client-resources.ts";
import { readDeath } from "./death.ts";
import { containerName } from "./names.ts";

export type Problem =
  /** No node has room, or may run it. */
  | "unschedulable"
  /** The runner's image cannot be had, or is on its way. */
  | "image"
  | "pulling"
  /** It ends each time it is started. */
  | "crash_loop"
  | "crash"
  | "memory"
  /** The namespace's quota or limits, or its pod security standard, refuse the pod. */
  | "quota"
  | "refused"
  /** What the pod is to start from is not there (yet), or its container cannot be made. */
  | "container"
  /** The node is away, has no network for it, or threw it out. */
  | "node";

export interface Explanation {
  problem: Problem;
  words: string;
}

export interface Evidence {
  /** Null: none was made. */
  pod: Pod | null;
  /** What the cluster noted about it, oldest first. */
  events?: readonly ClusterEvent[];
  deployment?: Deployment | null;
  /** What the container wrote last. */
  lastLines?: readonly string[];
}

/** Null: nothing that anybody would have to do something about. */
export function explainPod({ pod, events = [], deployment = null, lastLines = [] }: Evidence): Explanation | null {
  if (pod === null) return explainMissing(deployment);
  return (
    explainEnd(pod, lastLines) ??
    explainScheduling(pod) ??
    explainNode(pod, events) ??
    explainWaiting(pod, events) ??
    explainMissing(deployment)
  );
}

const containerOf = (pod: Pod) => pod.status?.containerStatuses?.find(({ name }) => name === containerName);

/** The Deployment wants a pod and the API server takes none. */
function explainMissing(deployment: Deployment | null): Explanation | null {
  const failed = deployment?.status?.conditions?.find(({ type, status }) => type === "ReplicaFailure" && status === "True");
  if (failed) return explainRefusal(failed.message ?? "");
  const late = deployment?.status?.conditions?.find(({ reason }) => reason === "ProgressDeadlineExceeded");
  return late ? { problem: "container", words: "its pods did not become ready in the time that the cluster gives them" } : null;
}

function explainRefusal(message: string): Explanation {
  const quota = /exceeded quota: ([^,]+), requested: (.+?), used: (.+?), limited: (.+)$/.exec(message);
  if (quota) {
    const [, name, asked, used, limit] = quota;
    return { problem: "quota", words: `the cluster's quota ${name} for apps is used up: ${asked} asked for, ${used} used of ${limit}` };
  }
  const range = /is forbidden: \[?((?:minimum|maximum) .+?)\]?$/.exec(message);
  if (range) return { problem: "quota", words: `the cluster's limits for apps do not allow it: ${range[1]}` };
  if (message.includes("violates PodSecurity"))
    return { problem: "refused", words: `the cluster's pod security standard refuses it: ${short(message)}` };
  return { problem: "refused", words: `the cluster refuses to make its pod: ${short(message)}` };
}

/** Its container ended, the last time or again and again; or the pod as a whole. */
function explainEnd(pod: Pod, lastLines: readonly string[]): Explanation | null {
  const container = containerOf(pod);
  const ended = container?.state?.terminated ?? container?.lastState?.terminated;
  if (pod.status?.phase === "Failed" && pod.status.reason) return explainEviction(pod.status.reason, pod.status.message ?? "");
  if (!ended || (container?.state?.running && container.ready)) return null;
  const { exit, error } = readDeath({ exitCode: ended.exitCode, reason: ended.reason ?? "", message: ended.message ?? "" }, memoryOf(pod));
  const { kind, words } = describeExit(exit);
  const said = error ? `${words} (${error.type}: ${short(error.message)})` : words;
  const tail = lastLines.length === 0 ? "" : `; it last wrote: ${lastLines.map(short).join(" | ")}`;
  if (kind === "memory") return { problem: "memory", words: `it ${said}${tail}` };
  const times = container?.restartCount ?? 0;
  if (container?.state?.waiting?.reason === "CrashLoopBackOff" || times > 1)
    return {
      problem: "crash_loop",
      words: `it ended ${times + (container?.state?.terminated ? 1 : 0)} times, the last time it ${said}${tail}`,
    };
  return { problem: "crash", words: `it ${said}${tail}` };
}

const memoryOf = (pod: Pod): number =>
  Number(/^(\d+)Mi$/.exec(pod.spec?.containers.find(({ name }) => name === containerName)?.resources?.limits?.["memory"] ?? "")?.[1] ?? 0);

function explainEviction(reason: string, message: string): Explanation | null {
  const low = /low on resource: (\S+?)[.,]/.exec(message);
  if (low) return { problem: "node", words: `its node ran short of ${resourceWords[low[1]!] ?? low[1]} and ended it` };
  if (reason === "Evicted") return { problem: "node", words: `its node ended it: ${short(message)}` };
  if (reason === "NodeLost" || reason === "NodeShutdown" || reason === "Terminated")
    return { problem: "node", words: "its node went away" };
  if (reason === "DeadlineExceeded") return { problem: "container", words: "it was not done in the time that it had" };
  if (/^OutOf|UnexpectedAdmissionError|NodeAffinity|Preempting/.test(reason))
    return { problem: "unschedulable", words: `its node had no room for it after all: ${short(message || reason)}` };
  return null;
}

const resourceWords: Readonly<Record<string, string>> = {
  cpu: "CPU",
  memory: "memory",
  "ephemeral-storage": "disk space",
  pods: "places for pods",
};

/** `0/3 nodes are available: 2 Insufficient memory, 1 node(s) had untolerated taint {…}. preemption: …` */
function explainScheduling(pod: Pod): Explanation | null {
  const condition = pod.status?.conditions?.find(({ type, status }) => type === "PodScheduled" && status === "False");
  if (condition?.reason !== "Unschedulable") return null;
  const message = condition.message ?? "";
  const [, total = "", reasons = ""] = /^0\/(\d+) nodes are available: (.+?)(?:\. (?:preemption|no new claims)|\.?$)/s.exec(message) ?? [];
  const known = reasons.split(/, (?=\d)/).flatMap((reason) => describeNodes(reason) ?? []);
  const nodes = total === "1" ? "of one node" : `of ${total} nodes`;
  if (known.length > 0) return { problem: "unschedulable", words: `the cluster has no room for it: ${nodes}, ${known.join(", ")}` };
  if (/^0\/0 nodes|no nodes available/.test(message)) return { problem: "unschedulable", words: "the cluster has no nodes" };
  return { problem: "unschedulable", words: `no node of the cluster may run it: ${short(message)}` };
}

function describeNodes(reason: string): string | null {
  const count = /^(\d+) /.exec(reason)?.[1] ?? "some";
  const are = count === "1" ? "is" : "are";
  const short = /Insufficient ([\w./-]+)/.exec(reason)?.[1];
  if (short) return `${count} ${are} short of ${resourceWords[short] ?? short}`;
  if (reason.includes("Too many pods")) return `${count} ${count === "1" ? "runs" : "run"} as many pods as it may`;
  if (/not-ready|unreachable/.test(reason)) return `${count} ${are} away`;
  if (reason.includes("unschedulable")) return `${count} ${count === "1" ? "takes" : "take"} nothing new`;
  // Since 1.34 it is not said which: only a taint in braces is surely no absence.
  if (/taint\(s\)/.test(reason)) return `${count} ${are} away or kept for other work`;
  if (reason.includes("taint")) return `${count} ${are} kept for other work`;
  if (/affinity|selector/.test(reason)) return `${count} ${are} not meant for apps`;
  return null;
}

/** Notes of the node, which tell more than the pod's own state: that one only waits. */
function explainNode(pod: Pod, events: readonly ClusterEvent[]): Explanation | null {
  if (containerOf(pod)?.ready) return null;
  const last = (reason: string) => events.findLast((event) => event.reason === reason);
  if (last("NodeNotReady") || last("TaintManagerEviction"))
    return { problem: "node", words: "its node is away; it is started on another one" };
  const sandbox = last("FailedCreatePodSandBox") ?? last("NetworkNotReady");
  if (sandbox && containerOf(pod)?.state?.running === undefined)
    return { problem: "node", words: `its node has no network for it yet: ${short(sandbox.message ?? "")}` };
  return null;
}

const imageProblems: Readonly<Record<string, string>> = {
  ErrImagePull: "cannot be pulled",
  ImagePullBackOff: "cannot be pulled",
  ErrImageNeverPull: "is not on the node, and may not be pulled",
  InvalidImageName: "is no valid name",
  ErrImageInspect: "cannot be read",
  RegistryUnavailable: "cannot be pulled: its registry is away",
};

function explainWaiting(pod: Pod, events: readonly ClusterEvent[]): Explanation | null {
  const container = containerOf(pod);
  if (container?.state?.running || container?.state?.terminated) return null;
  const image = pod.spec?.containers.find(({ name }) => name === containerName)?.image ?? "";
  const { reason = "", message = "" } = container?.state?.waiting ?? {};
  const wrong = imageProblems[reason];
  if (wrong !== undefined) {
    const why = events.findLast((event) => event.reason === "Failed" && /pull|image/i.test(event.message ?? ""))?.message ?? message;
    const detail = reason === "ErrImagePull" || reason === "ImagePullBackOff" ? pullDetail(why) : "";
    return { problem: "image", words: `the runner's image ${image} ${wrong}${detail}` };
  }
  const mount = events.findLast((event) => event.reason === "FailedMount");
  if (/^Create|^RunContainer|^StartError|ContainerConfigError/.test(reason))
    return { problem: "container", words: `its container cannot be made: ${short(message)}` };
  if (mount && reason === "ContainerCreating")
    return { problem: "container", words: `what it starts from is not there yet: ${short(mount.message ?? "")}` };
  const pulling = events.findLastIndex((event) => event.reason === "Pulling");
  if (pulling >= 0 && !events.slice(pulling).some((event) => event.reason === "Pulled"))
    return { problem: "pulling", words: `the node is pulling the runner's image ${image}` };
  return null;
}

function pullDetail(message: string): string {
  if (/not found|manifest unknown/i.test(message)) return ": there is none of that name";
  if (/unauthorized|denied|authentication|authorization/i.test(message)) return ": its registry does not let the cluster have it";
  if (/no such host|timeout|refused|unreachable/i.test(message)) return ": its registry is not reached";
  return message ? `: ${short(message)}` : "";
}

const short = (text: string): string => {
  const line = text.replaceAll(/\s+/g, " ").trim();
  return line.length > 300 ? `${line.slice(0, 299)}…` : line;
};
