/** What a cluster does by itself, when a test says so: the Deployment controller with its ReplicaSets, the kubelet, the garbage collector. */
import { createHash } from "node:crypto";
import type { FakeServer } from "./api-server.test-part.ts";
import type { Deployment, Pod, ReplicaSet } from "./client-resources.ts";
import { annotations, containerName, labels } from "./names.ts";

export interface Controllers {
  /** Brings ReplicaSets and pods to what the Deployments say, until nothing is left to do. New pods are pending. */
  run(): void;
  /** The kubelet starts the pods that are pending, or this one. */
  startPods(name?: string): void;
  /** The pod's container ends by itself. */
  end(name: string, ended: { exitCode: number; reason?: string; message?: object }): void;
  /** …and is started again. */
  restart(name: string): void;
  /** Pods that were told to end do. */
  reap(): void;
}

type ContainerState = NonNullable<NonNullable<Pod["status"]>["containerStatuses"]>[number];

const hashOf = (template: unknown): string => createHash("sha256").update(JSON.stringify(template)).digest("hex").slice(0, 10);
const isDeleting = ({ metadata }: Pod): boolean => metadata?.deletionTimestamp !== undefined;
const isReady = ({ status }: Pod): boolean => status?.conditions?.some(({ status: is }) => is === "True") ?? false;
const ownerOf = ({ metadata }: Pod | ReplicaSet): string | undefined => metadata?.ownerReferences?.[0]?.uid;

export function createControllers(server: FakeServer): Controllers {
  let made = 0;
  let addresses = 0;

  const ensureReplicaSet = (deployment: Deployment): ReplicaSet => {
    const { template } = deployment.spec!;
    const hash = hashOf(template);
    const name = `${deployment.metadata!.name}-${hash}`;
    const podLabels = { ...template.metadata?.labels, [labels.podTemplateHash]: hash };
    return (
      server.find("replicasets", name) ??
      server.put("replicasets", {
        metadata: { name, labels: podLabels, ownerReferences: [toOwner("Deployment", deployment)] },
        spec: {
          selector: { matchLabels: { ...deployment.spec!.selector.matchLabels, [labels.podTemplateHash]: hash } },
          template: { ...template, metadata: { ...template.metadata, labels: podLabels } },
        },
      })
    );
  };

  const podsOf = (replicaSet: ReplicaSet): Pod[] => {
    const wanted = Object.entries(replicaSet.spec!.selector.matchLabels!);
    for (const pod of server.all("pods")) {
      const name = pod.metadata!.name!;
      const fits = wanted.every(([label, value]) => pod.metadata?.labels?.[label] === value);
      const owner = ownerOf(pod);
      if (owner === replicaSet.metadata!.uid && !fits) server.edit("pods", name, ({ metadata }) => void delete metadata!.ownerReferences);
      if (owner === undefined && fits && !isDeleting(pod))
        server.edit("pods", name, ({ metadata }) => void (metadata!.ownerReferences = [toOwner("ReplicaSet", replicaSet)]));
    }
    return server.all("pods").filter((pod) => ownerOf(pod) === replicaSet.metadata!.uid && !isDeleting(pod));
  };

  const tell = (pod: Pod): void =>
    server.edit("pods", pod.metadata!.name!, ({ metadata }) => void (metadata!.deletionTimestamp = new Date().toISOString()));

  const keep = (replicaSet: ReplicaSet, wanted: number): Pod[] => {
    const cost = ({ metadata }: Pod): number => Number(metadata?.annotations?.[annotations.deletionCost] ?? 0);
    const pods = podsOf(replicaSet).sort((left, right) => cost(right) - cost(left));
    for (const pod of pods.slice(wanted)) tell(pod);
    for (let count = pods.length; count < wanted; count += 1) {
      const { template } = replicaSet.spec!;
      server.put("pods", {
        metadata: {
          name: `${replicaSet.metadata!.name}-${(made += 1)}`,
          ...template!.metadata,
          ownerReferences: [toOwner("ReplicaSet", replicaSet)],
        },
        ...(template?.spec ? { spec: template.spec } : {}),
      });
    }
    return pods.slice(0, wanted);
  };

  const setContainer = (name: string, ready: boolean, change: (before: ContainerState) => Partial<ContainerState>): void =>
    server.edit("pods", name, (pod) => {
      const before = pod.status?.containerStatuses?.[0] ?? { name: containerName, image: "", imageID: "", ready, restartCount: 0 };
      pod.status = {
        podIP: pod.status?.podIP ?? `10.0.0.${(addresses += 1)}`,
        conditions: [{ type: "Ready", status: ready ? "True" : "False" }],
        containerStatuses: [{ ...before, ready, ...change(before) }],
      };
    });

  return {
    run() {
      const deployments = server.all("deployments");
      for (const deployment of deployments) {
        const current = ensureReplicaSet(deployment);
        const wanted = deployment.spec?.replicas ?? 1;
        if (current.spec!.replicas !== wanted)
          server.edit("replicasets", current.metadata!.name!, ({ spec }) => void (spec!.replicas = wanted));
        const isUp = keep(current, wanted).filter(isReady).length >= wanted;
        for (const old of server.all("replicasets")) {
          if (ownerOf(old) !== deployment.metadata!.uid || old.metadata!.uid === current.metadata!.uid || !isUp) continue;
          keep(old, 0);
          server.remove("replicasets", old.metadata!.name!);
        }
      }
      const known = new Set(deployments.map(({ metadata }) => metadata!.uid));
      for (const orphan of server.all("replicasets").filter((each) => !known.has(ownerOf(each)!))) {
        keep(orphan, 0);
        server.remove("replicasets", orphan.metadata!.name!);
      }
    },
    startPods(only) {
      for (const { metadata, spec, status } of server.all("pods")) {
        const name = metadata!.name!;
        if (status?.podIP !== undefined || spec?.schedulingGates || (only ?? name) !== name) continue;
        setContainer(name, true, () => ({ state: { running: {} } }));
      }
    },
    end: (name, { exitCode, reason = "Error", message }) =>
      setContainer(name, false, () => ({
        state: { terminated: { exitCode, reason, ...(message ? { message: JSON.stringify(message) } : {}) } },
      })),
    restart: (name) =>
      setContainer(name, false, ({ state, restartCount }) => ({
        restartCount: restartCount + 1,
        state: { running: {} },
        ...(state?.terminated ? { lastState: state } : {}),
      })),
    reap() {
      for (const pod of server.all("pods").filter(isDeleting)) server.remove("pods", pod.metadata!.name!);
    },
  };
}

const toOwner = (kind: "Deployment" | "ReplicaSet", { metadata }: Deployment | ReplicaSet) => ({
  apiVersion: "apps/v1",
  kind,
  name: metadata!.name!,
  uid: metadata!.uid!,
  controller: true,
});
