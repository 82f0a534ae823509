import { beforeEach, expect, it } from "vitest";
import type { DeploymentView, PodView, ReplicaSetView } from "./app-view.ts";
import type { ClusterObject } from "./client-resources.ts";
import { createInformer, type Informer } from "./informer.ts";
import { createViews, type Views } from "./views.ts";
import { makeDeployment, makePod } from "./views.test-part.ts";

/** Nothing is read: what they know is what was noted. */
const silent = { pages: async function* () {}, watch: async function* () {} };
type Holder<T> = ClusterObject & { value: T | null };
const hold = <T>(): Informer<T> => createInformer<Holder<T>, T>({ source: silent, project: ({ value }) => value });

let pods: Informer<PodView>;
let deployments: Informer<DeploymentView>;
let views: Views;
let heard: (string | null)[];
let version = 100;
const note = <T extends { name: string; uid: string }>(informer: Informer<T>, value: T, isThere = true): void => {
  const metadata = { name: value.name, uid: value.uid, resourceVersion: String((version += 1)) };
  informer.note({ metadata, value: isThere ? value : null } as ClusterObject);
};

beforeEach(() => {
  pods = hold();
  deployments = hold();
  views = createViews({ pods, deployments, replicaSets: hold<ReplicaSetView>() });
  heard = [];
  views.onChange((appId) => heard.push(appId));
});

it("has nothing of an app that nobody knows", () => {
  expect(views.of("a1")).toEqual({ deployment: null, replicaSets: [], pods: [] });
});

it("tells the pool as well as the app of a pod that went from one to the other, when the view shows it", () => {
  note(pods, makePod({ name: "p1", appId: null, component: "pool", state: "warm" }));
  const seen: number[] = [];
  views.onChange(() => seen.push(views.of("a1").pods.length));
  note(pods, makePod({ name: "p1", appId: "a1" }));
  expect(heard).toEqual([null, null, "a1"]);
  expect(seen).toEqual([1, 1]);
});

it("keeps each app's own, one of each name, and forgets apps of which nothing is left", () => {
  note(pods, makePod({ name: "p1", appId: "a1" }));
  note(pods, makePod({ name: "p2", appId: "a1" }));
  note(pods, makePod({ name: "p3", appId: "a2" }));
  note(pods, makePod({ name: "p1", appId: "a1", ready: false }));
  expect(views.of("a1").pods.map(({ name, ready }) => `${name} ${ready}`)).toEqual(["p2 true", "p1 false"]);
  note(pods, makePod({ name: "p3", appId: "a2" }), false);
  expect(views.of("a2").pods).toEqual([]);
  expect([...views.appIds()]).toEqual(["a1"]);
});

it("lists each app once, whether it has a Deployment, pods, or both", () => {
  note(deployments, makeDeployment({ appId: "a1" }));
  note(deployments, makeDeployment({ appId: "a2" }));
  note(pods, makePod({ name: "p2", appId: "a2" }));
  note(pods, makePod({ name: "p3", appId: "a3" }));
  expect([...views.appIds()].toSorted()).toEqual(["a1", "a2", "a3"]);
  expect(views.of("a2")).toMatchObject({ deployment: { appId: "a2" }, pods: [{ name: "p2" }] });
});

it("tells nobody who has left, and whoever stays of a nudge", () => {
  const mine: (string | null)[] = [];
  const end = views.onChange((appId) => mine.push(appId));
  views.nudge("a1");
  end();
  views.nudge("a2");
  expect(mine).toEqual(["a1"]);
  expect(heard).toEqual(["a1", "a2"]);
});
