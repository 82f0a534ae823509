/** What pure rules are asked about: an app's objects as the adapter keeps them, ordinary unless a test says otherwise. */
import type { DeploymentView, PodView } from "./app-view.ts";
import { labels, managedBy } from "./names.ts";
import { toDeploymentView, toPodView } from "./to-view.ts";

const own = { [labels.managedBy]: managedBy, [labels.component]: "app", [labels.app]: "a1", [labels.version]: "1", [labels.spec]: "s1" };
const template = { metadata: { labels: own } };

/** One that serves, of the Deployment's own. */
export const makePod = (changes: Partial<PodView> = {}): PodView => ({
  ...toPodView({ metadata: { name: "p1", resourceVersion: "1", labels: { ...own, [labels.state]: "serving" } } })!,
  uid: `uid-${changes.name ?? "p1"}`,
  ip: "10.0.0.1",
  owned: true,
  ready: true,
  started: true,
  memoryMiB: 256,
  ...changes,
});

/** One that runs. */
export const makeDeployment = (changes: Partial<DeploymentView> = {}): DeploymentView => ({
  ...toDeploymentView({ metadata: { name: `app-${changes.appId ?? "a1"}`, uid: "uid-d", labels: own }, spec: { selector: {}, template } })!,
  ...changes,
});
