import { describe, expect, it } from "vitest";
import type { Pod } from "./client-resources.ts";
import { annotations, labels, managedBy } from "./names.ts";
import { toDeploymentView, toPodView, toReplicaSetView } from "./to-view.ts";

const own = { [labels.managedBy]: managedBy, [labels.component]: "app", [labels.app]: "a1" };
const served = { ...own, [labels.version]: "3", [labels.spec]: "s1", [labels.state]: "serving" };
const at = "2026-11-21T10:00:00Z";
const makePod = (changes: Partial<Pod> = {}, podLabels: Record<string, string> = served): Pod => ({
  metadata: { name: "p1", uid: "u1", resourceVersion: "7", creationTimestamp: at, labels: podLabels },
  ...changes,
});
type Container = NonNullable<NonNullable<Pod["status"]>["containerStatuses"]>[number];
const container = (changes: Partial<Container>): Pod["status"] => ({
  containerStatuses: [{ name: "runner", image: "", imageID: "", ready: true, restartCount: 0, ...changes }],
});

describe("a pod", () => {
  it("that was only just asked for is known, with nothing that it has not", () => {
    expect(toPodView(makePod())).toMatchObject({
      name: "p1",
      uid: "u1",
      resourceVersion: "7",
      ip: null,
      appId: "a1",
      component: "app",
      spec: "s1",
      version: 3,
      state: "serving",
      claimedAt: null,
      owned: false,
      deleting: false,
      ready: false,
      adopted: false,
      restarts: 0,
      ended: null,
      started: false,
      node: null,
      memoryMiB: 0,
      createdAt: Date.parse(at),
    });
  });

  it("that is somebody else's, or the probe's, is none", () => {
    expect(toPodView(makePod({}, {}))).toBeNull();
    expect(toPodView(makePod({}, { ...served, [labels.managedBy]: "helm" }))).toBeNull();
    expect(toPodView(makePod({}, { ...own, [labels.component]: "probe" }))).toBeNull();
  });

  it("of a check is no app's, whatever it was labelled for its hand-off", () => {
    expect(toPodView(makePod({}, { ...served, [labels.component]: "check" }))?.appId).toBeNull();
  });

  it("from the pool is adopted once it is claimed: its files are in its memory alone", () => {
    const warm = { ...served, [labels.start]: "warm" };
    expect(toPodView(makePod({}, warm))?.adopted).toBe(true);
    expect(toPodView(makePod({}, { ...warm, [labels.state]: "warm" }))?.adopted).toBe(false);
    expect(toPodView(makePod({}, { ...warm, [labels.start]: "serve" }))?.adopted).toBe(false);
  });

  it("has a log once its container runs, and keeps it over the container's end", () => {
    const started = (state: Container["state"], lastState?: Container["lastState"]) =>
      toPodView({ ...makePod(), status: container({ state, ...(lastState && { lastState }) }) })?.started;
    const terminated = { exitCode: 0 };
    expect([started({ waiting: {} }), started({ running: {} }), started({ terminated }), started({ waiting: {} }, { terminated })]).toEqual(
      [false, true, true, true],
    );
  });

  it("is owned when a ReplicaSet counts it, not when it is only mentioned", () => {
    const withOwner = (kind: string, controller: boolean): Pod =>
      makePod({ metadata: { ...makePod().metadata, ownerReferences: [{ apiVersion: "apps/v1", kind, name: "r", uid: "r", controller }] } });
    expect(toPodView(withOwner("ReplicaSet", true))?.owned).toBe(true);
    expect(toPodView(withOwner("ReplicaSet", false))?.owned).toBe(false);
    expect(toPodView(withOwner("Job", true))?.owned).toBe(false);
  });

  it("has ended when its container has, also when it runs again, and when its node threw it out", () => {
    const terminated = { exitCode: 137, reason: "OOMKilled", message: "{}" };
    const told = { exitCode: 137, reason: "OOMKilled", message: "{}" };
    expect(toPodView(makePod({ status: container({ state: { terminated } })! }))?.ended).toEqual(told);
    const again = container({ state: { running: {} }, lastState: { terminated }, restartCount: 1 })!;
    expect(toPodView(makePod({ status: again }))).toMatchObject({ ended: told, restarts: 1 });
    expect(toPodView(makePod({ status: { reason: "Evicted" } }))?.ended).toMatchObject({ reason: "Evicted" });
    const sidecar = container({ name: "injected", state: { terminated } })!;
    expect(toPodView(makePod({ status: sidecar }))?.ended).toBeNull();
  });

  it("has the memory that it was given, as the platform writes it", () => {
    const limited = (memory: string): Pod => makePod({ spec: { containers: [{ name: "runner", resources: { limits: { memory } } }] } });
    expect(toPodView(limited("256Mi"))?.memoryMiB).toBe(256);
    expect(toPodView(limited("1Gi"))?.memoryMiB).toBe(0);
  });
});

describe("a Deployment", () => {
  const template = { metadata: { labels: served } };
  const deployment = { metadata: { name: "app-a1", labels: own, creationTimestamp: at }, spec: { selector: {}, template, replicas: 0 } };
  const noted = (values: Record<string, string>) => ({ ...deployment, metadata: { ...deployment.metadata, annotations: values } });

  it("is known by what its pods are made from, not by what is written on it", () => {
    const odd = { ...deployment, metadata: { ...deployment.metadata, labels: { ...own, [labels.spec]: "other", [labels.version]: "3" } } };
    expect(toDeploymentView(odd)).toMatchObject({ appId: "a1", spec: "s1", version: 3, replicas: 0 });
  });

  it("is no app's without the app's label: the pool", () => {
    expect(toDeploymentView({ ...deployment, metadata: { name: "pool", labels: {} } })).toBeNull();
  });

  it("was last used when it says so, else when it was made; why it sleeps is one of two words", () => {
    expect(toDeploymentView(deployment)).toMatchObject({ usedAt: Date.parse(at), asleep: null });
    const used = noted({ [annotations.usedAt]: "2026-11-21T11:00:00Z", [annotations.asleep]: "asked" });
    expect(toDeploymentView(used)).toMatchObject({ usedAt: Date.parse("2026-11-21T11:00:00Z"), asleep: "asked" });
    expect(toDeploymentView(noted({ [annotations.asleep]: "tired" }))?.asleep).toBeNull();
  });

  it("without a number wants one instance, as Kubernetes has it", () => {
    expect(toDeploymentView({ ...deployment, spec: { selector: {}, template } })?.replicas).toBe(1);
  });
});

describe("a ReplicaSet", () => {
  it("is an app's by its template, and none without the hash that its pods need", () => {
    const hashed = { ...served, [labels.podTemplateHash]: "h1" };
    const make = (podLabels: Record<string, string>) => ({
      metadata: { name: "app-a1-h1", uid: "u2" },
      spec: { selector: {}, template: { metadata: { labels: podLabels } } },
    });
    expect(toReplicaSetView(make(hashed))).toMatchObject({ appId: "a1", spec: "s1", hash: "h1", deleting: false });
    expect(toReplicaSetView(make(served))).toBeNull();
    const { [labels.app]: _, ...pool } = hashed;
    expect(toReplicaSetView(make(pool))).toBeNull();
  });
});
