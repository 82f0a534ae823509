/** What the informers know, by app: pods, Deployment and ReplicaSets of each, kept as they change. */
import type { AppView, DeploymentView, PodView, ReplicaSetView } from "./app-view.ts";
import type { Informer } from "./informer.ts";

export interface Views {
  of(appId: string): AppView;
  /** Apps that have anything on the cluster. */
  appIds(): Iterable<string>;
  /** Calls back after each change, with the app it is of, or null for one of the pool. Returns what ends it. */
  onChange(listener: (appId: string | null) => void): () => void;
  /** Calls the listeners: of an app, or of the pool. */
  nudge(appId: string | null): void;
}

interface Sources {
  pods: Informer<PodView>;
  deployments: Informer<DeploymentView>;
  replicaSets: Informer<ReplicaSetView>;
}

const none: readonly never[] = [];

/** Begins to listen: to be called before the informers are started. */
export function createViews(sources: Sources): Views {
  const listeners = new Set<(appId: string | null) => void>();
  const tell = (appId: string | null): void => {
    for (const listener of listeners) listener(appId);
  };
  const pods = indexByApp(sources.pods, tell);
  const deployments = indexByApp(sources.deployments, tell);
  const replicaSets = indexByApp(sources.replicaSets, tell);
  return {
    of: (appId) => ({
      deployment: deployments.get(appId)?.[0] ?? null,
      replicaSets: replicaSets.get(appId) ?? none,
      pods: pods.get(appId) ?? none,
    }),
    *appIds() {
      yield* deployments.keys();
      for (const appId of pods.keys()) if (!deployments.has(appId)) yield appId;
    },
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    nudge: tell,
  };
}

function indexByApp<T extends { name: string; appId: string | null }>(
  informer: Informer<T>,
  tell: (appId: string | null) => void,
): ReadonlyMap<string, readonly T[]> {
  const index = new Map<string, readonly T[]>();
  const take = ({ name, appId }: T): void => {
    if (appId === null) return;
    const rest = (index.get(appId) ?? none).filter((each) => each.name !== name);
    if (rest.length > 0) index.set(appId, rest);
    else index.delete(appId);
  };
  informer.onChange((change, object, previous) => {
    if (previous) take(previous);
    take(object);
    if (change !== "removed" && object.appId !== null) index.set(object.appId, [...(index.get(object.appId) ?? none), object]);
    if (previous && previous.appId !== object.appId) tell(previous.appId);
    tell(object.appId);
  });
  return index;
}
