/**
 * The few calls that the adapter makes to the cluster's API. Each has a deadline and takes a signal; a lost race is a result and not an
 * exception; whatever else goes wrong is an AppError `runtime_unavailable` in plain words. Objects are as JSON has them.
 */
import { AppError } from "#core/contract/problem.ts";
import { findCluster } from "./client-credentials.ts";
import { createCaller, type Caller } from "./client-caller.ts";
import type { ClusterEvent, ClusterObject, Resource, Resources } from "./client-resources.ts";
import { listPages, readLog, watchFrom } from "./client-streams.ts";
import { createTransport } from "./client-transport.ts";
import { fieldManager } from "./names.ts";

export interface CallOptions {
  signal?: AbortSignal | undefined;
}

export interface Selection {
  labelSelector?: string | undefined;
  fieldSelector?: string | undefined;
}

export interface Listed<T> {
  items: T[];
  /** Of the whole list: a watch goes on from here. */
  resourceVersion: string;
}

export interface WatchEvent<T> {
  /** `BOOKMARK`: nothing but a `resourceVersion`; the first says that the watch is open. */
  type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK";
  object: T;
}

export interface LogOptions extends CallOptions {
  follow?: boolean;
  /** Lines from then on; the API knows full seconds only. */
  since?: Date;
  /** Each line begins with its time and a space. */
  timestamps?: boolean;
  tailLines?: number;
  /** Of the container before the one that runs. */
  previous?: boolean;
}

/** What an informer reads from. */
export interface Source<T> {
  /** In pages, the last of which has the version to watch from. @throws Expired when it took too long. */
  pages(signal: AbortSignal): AsyncIterable<Listed<T>>;
  /** Ends when the server ends it, which is ordinary. @throws Expired when that version is forgotten. */
  watch(resourceVersion: string, signal: AbortSignal): AsyncIterable<WatchEvent<T>>;
}

export interface ClusterClient {
  readonly namespace: string;
  /** Host and port of the API server, for messages. */
  readonly server: string;
  /** How many calls were made, by `verb resource`. */
  readonly calls: ReadonlyMap<string, number>;
  /** Server-side apply: makes the object be as given, fields of others untouched. Sent again while others change it. */
  apply<T extends ClusterObject>(object: T, options?: CallOptions): Promise<T>;
  /** The same to an object that is as `object.metadata.resourceVersion` knows it; false when it has changed since, or is gone. */
  applyKnown<T extends ClusterObject>(object: T, options?: CallOptions): Promise<T | false>;
  /** False: there is one of this name. */
  create<T extends ClusterObject>(object: T, options?: CallOptions): Promise<T | false>;
  /** Replaces an object that is as `object.metadata.resourceVersion` knows it; false when it is not, null when it is gone. */
  replace<T extends ClusterObject>(object: T, options?: CallOptions): Promise<T | false | null>;
  get<R extends Resource>(resource: R, name: string, options?: CallOptions): Promise<Resources[R] | null>;
  list<R extends Resource>(resource: R, options?: Selection & CallOptions): Promise<Listed<Resources[R]>>;
  /**
   * Merge patch. With `resourceVersion` only of the object as that version was: false when it has changed since (or a `uid` in the
   * patch is another's), null when it is gone. Never sent twice.
   */
  patch<R extends Resource>(
    resource: R,
    name: string,
    patch: Readonly<Record<string, unknown>>,
    options?: CallOptions & { resourceVersion?: string | undefined },
  ): Promise<Resources[R] | false | null>;
  /** False: there is none (any more), or with `uid` or `resourceVersion` another one. Returns when the deletion is noted, not when it is done. */
  delete(
    resource: Resource,
    name: string,
    options?: CallOptions & { graceSeconds?: number; uid?: string; resourceVersion?: string },
  ): Promise<boolean>;
  /** Lines of a pod's container; empty for a pod that has none yet or is gone. */
  logs(pod: string, options?: LogOptions): AsyncIterable<string>;
  /** What the cluster noted about one object, oldest first. */
  events(uid: string, options?: CallOptions): Promise<ClusterEvent[]>;
  source<R extends Resource>(resource: R, selection?: Selection): Source<Resources[R]>;
  /** Ends kept connections. */
  close(): void;
}

export interface ClusterClientOptions {
  /** Path of a kubeconfig. Default: the pod's service account, else `KUBECONFIG`, else `~/.kube/config`. */
  kubeconfig?: string | undefined;
  namespace: string;
  /** For one call. */
  deadlineMs?: number;
  /** A watch that is silent for so long is taken up again: bookmarks come each minute, but a cut connection says nothing. */
  watchIdleMs?: number;
}

const defaultDeadlineMs = 10_000;
const defaultWatchIdleMs = 90_000;

/** @throws AppError `runtime_unavailable` when no cluster is configured; whether it answers is not asked yet. */
export async function createClusterClient(options: ClusterClientOptions): Promise<ClusterClient> {
  const { namespace, watchIdleMs = defaultWatchIdleMs } = options;
  const address = await findCluster(options.kubeconfig);
  const transport = createTransport(address, options.deadlineMs ?? defaultDeadlineMs);
  const caller = createCaller(transport, namespace);
  const list: ClusterClient["list"] = async (resource, { signal, ...selection } = {}) => {
    const all: Listed<Resources[typeof resource]> = { items: [], resourceVersion: "" };
    for await (const page of listPages(caller, resource, selection, signal)) {
      all.items.push(...page.items);
      all.resourceVersion = page.resourceVersion;
    }
    return all;
  };
  return {
    namespace,
    server: address.server.host,
    calls: caller.calls,
    ...writes(caller),
    get: async (resource, name, { signal } = {}) =>
      caller.take(await caller.call("get", resource, { method: "GET", signal, idempotent: true }, name), "get", resource, { 404: null }),
    list,
    logs: (pod, log = {}) => readLog(caller, pod, log),
    async events(uid, call = {}) {
      const { items } = await list("events", { fieldSelector: `involvedObject.uid=${uid}`, ...call });
      return items.sort((left, right) => (timeOf(left) < timeOf(right) ? -1 : 1));
    },
    source: (resource, selection = {}) => ({
      pages: (signal) => listPages(caller, resource, selection, signal),
      watch: (resourceVersion, signal) => watchFrom(caller, resource, { ...selection, resourceVersion, idleMs: watchIdleMs }, signal),
    }),
    close: () => transport.close(),
  };
}

type Writes = Pick<ClusterClient, "apply" | "applyKnown" | "create" | "replace" | "patch" | "delete">;

const applying = { method: "PATCH", query: { fieldManager, force: true }, contentType: "application/apply-patch+yaml" } as const;

function writes(caller: Caller): Writes {
  return {
    async apply(object, { signal } = {}) {
      const made = await caller.write("apply", object, { ...applying, body: object, signal, idempotent: true });
      if (made === false) throw new AppError("runtime_unavailable", "The cluster refuses the object: there is one of its name");
      return made;
    },
    async applyKnown(object, { signal } = {}) {
      const { resource, name } = caller.identify(object);
      const answer = await caller.call<typeof object>("apply", resource, { ...applying, body: object, signal, idempotent: true }, name);
      return caller.take<typeof object, false>(answer, "apply", resource, { 404: false, 409: false });
    },
    create: (object, { signal } = {}) =>
      caller.write("create", object, { method: "POST", query: { fieldManager }, body: object, signal, idempotent: false }),
    async replace(object, { signal } = {}) {
      const { resource, name } = caller.identify(object);
      const request = { method: "PUT", query: { fieldManager }, body: object, signal, idempotent: false } as const;
      const answer = await caller.call<typeof object>("update", resource, request, name);
      return caller.take<typeof object, false | null>(answer, "update", resource, { 404: null, 409: false });
    },
    async patch(resource, name, patch, { signal, resourceVersion } = {}) {
      const metadata = { ...(patch["metadata"] as object | undefined), ...(resourceVersion === undefined ? {} : { resourceVersion }) };
      const request = { method: "PATCH", query: { fieldManager }, contentType: "application/merge-patch+json", idempotent: false } as const;
      const answer = await caller.call<Resources[typeof resource]>(
        "patch",
        resource,
        { ...request, body: { ...patch, metadata }, signal },
        name,
      );
      return caller.take<Resources[typeof resource], false | null>(answer, "patch", resource, { 404: null, 409: false });
    },
    async delete(resource, name, { signal, graceSeconds, uid, resourceVersion } = {}) {
      const body = {
        ...{ apiVersion: "v1", kind: "DeleteOptions", propagationPolicy: "Background" },
        ...(graceSeconds === undefined ? {} : { gracePeriodSeconds: graceSeconds }),
        ...(uid === undefined && resourceVersion === undefined ? {} : { preconditions: { uid, resourceVersion } }),
      };
      const answer = await caller.call<object>("delete", resource, { method: "DELETE", body, signal, idempotent: true }, name);
      return caller.take<object, false>(answer, "delete", resource, { 404: false, 409: false }) !== false;
    },
  };
}

/** Events of the older kind have the last time, those of the newer one only when they were made. */
const timeOf = (event: ClusterEvent): string => event.lastTimestamp ?? event.eventTime ?? event.metadata.creationTimestamp ?? "";
