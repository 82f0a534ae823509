/**
 * An API server in memory, behind the adapter's own client interface: versions that only grow, preconditions, and watches that come after
 * the answers (and as late as a test wants). The real one stands in tests/kubernetes; this one is for what that cannot be made to do on
 * time: two processes in the same moment, a pod that dies between two lines. What controllers and kubelets do is in
 * `controllers.test-part.ts`.
 */
import { randomUUID } from "node:crypto";
import { findResource, type ClusterEvent, type ClusterObject, type Resource, type Resources } from "./client-resources.ts";
import type { ClusterClient, Listed, LogOptions, Selection, Source, WatchEvent } from "./client.ts";

export interface FakeServer {
  /** A client of one process of the platform: its watches are its own. */
  connect(): FakeClient;
  all<R extends Resource>(resource: R): Resources[R][];
  find<R extends Resource>(resource: R, name: string): Resources[R] | undefined;
  /** Makes or replaces, as somebody else would. */
  put<R extends Resource>(resource: R, object: Resources[R]): Resources[R];
  /** Changes a copy in place and stores it; nothing when there is none of this name. */
  edit<R extends Resource>(resource: R, name: string, change: (object: Resources[R]) => void): void;
  remove(resource: Resource, name: string): void;
  /** Before a call is carried out, by `verb resource` and name: may wait, change something, or throw. */
  before: (call: string, name: string) => unknown;
  /** After each change, when its answer is out. */
  onChange: () => void;
  /** What a pod's log gives. */
  logs: (pod: string, options: LogOptions) => AsyncIterable<string>;
  /** What is noted about objects, by uid. */
  events: Map<string, ClusterEvent[]>;
  /** Calls that changed something or tried to, `verb resource name`, in order. */
  readonly writes: string[];
}

export interface FakeClient extends ClusterClient {
  /** From now on its watches tell nothing, until `release`. */
  hold(): void;
  release(): void;
}

type Stored = ClusterObject & Record<string, unknown>;
interface Told {
  version: number;
  resource: Resource;
  event: WatchEvent<Stored>;
}

/** What clients share. */
interface Store {
  server: FakeServer;
  history: Told[];
  version(): number;
  changed: Set<() => void>;
  key(resource: Resource, name: string): string;
  objects: Map<string, Stored>;
}

export function createFakeServer(): FakeServer {
  const objects = new Map<string, Stored>();
  const history: Told[] = [];
  const changed = new Set<() => void>();
  let version = 100;
  const key = (resource: Resource, name: string): string => `${resource}/${name}`;
  const store = (resource: Resource, type: WatchEvent<Stored>["type"], object: Stored): Stored => {
    version += 1;
    const known = structuredClone({ ...object, metadata: { ...object.metadata, resourceVersion: String(version) } });
    const name = known.metadata.name ?? "";
    if (type === "DELETED") objects.delete(key(resource, name));
    else objects.set(key(resource, name), known);
    history.push({ version, resource, event: { type, object: known } });
    // A watch is another connection than the one that answers.
    setImmediate(() => {
      changed.forEach((wake) => wake());
      server.onChange();
    });
    return known;
  };
  const server: FakeServer = {
    connect: () => connect({ server, history, version: () => version, changed, key, objects }),
    all: <R extends Resource>(resource: R) =>
      [...objects].filter(([at]) => at.startsWith(`${resource}/`)).map(([, object]) => structuredClone(object) as Resources[R]),
    find: <R extends Resource>(resource: R, name: string) => structuredClone(objects.get(key(resource, name))) as Resources[R] | undefined,
    put<R extends Resource>(resource: R, object: Resources[R]) {
      const before = objects.get(key(resource, object.metadata?.name ?? ""));
      const metadata = before?.metadata ?? { uid: randomUUID(), creationTimestamp: new Date().toISOString() };
      const made = { ...object, metadata: { ...metadata, ...object.metadata } } as Stored;
      return structuredClone(store(resource, before ? "MODIFIED" : "ADDED", made)) as Resources[R];
    },
    edit(resource, name, change) {
      const object = server.find(resource, name);
      if (!object) return;
      change(object);
      store(resource, "MODIFIED", object as Stored);
    },
    remove(resource, name) {
      const object = objects.get(key(resource, name));
      if (object) store(resource, "DELETED", object);
    },
    before: () => undefined,
    onChange: () => {},
    logs: async function* () {},
    events: new Map(),
    writes: [],
  };
  return server;
}

function connect(store: Store): FakeClient {
  const { server, objects, key, changed } = store;
  const calls = new Map<string, number>();
  let held = false;
  const call = async (verb: string, resource: Resource, name: string, signal?: AbortSignal): Promise<Stored | undefined> => {
    calls.set(`${verb} ${resource}`, (calls.get(`${verb} ${resource}`) ?? 0) + 1);
    if (verb !== "get" && verb !== "list") server.writes.push(`${verb} ${resource} ${name}`);
    await new Promise((resolve) => setImmediate(resolve));
    await server.before(`${verb} ${resource}`, name);
    signal?.throwIfAborted();
    return objects.get(key(resource, name));
  };
  const resourceOf = (object: ClusterObject): Resource => findResource(object.kind)!;
  const nameOf = (object: ClusterObject): string => object.metadata?.name ?? "";
  const applied = <T extends ClusterObject>(before: Stored | undefined, object: T): T => {
    const given = object as unknown as Stored;
    const spec = given["spec"] && { ...(before?.["spec"] as object), ...(given["spec"] as object) };
    const metadata = mergePatch(before?.metadata ?? {}, given.metadata);
    return { ...before, ...given, metadata, ...(spec ? { spec } : {}) } as unknown as T;
  };
  const put = <T extends ClusterObject>(object: T): T => server.put(resourceOf(object), object as never) as T;
  return {
    namespace: "apps",
    server: "fake:6443",
    calls,
    apply: async (object, { signal } = {}) => put(applied(await call("apply", resourceOf(object), nameOf(object), signal), object)),
    async applyKnown(object, { signal } = {}) {
      const before = await call("apply", resourceOf(object), nameOf(object), signal);
      return before?.metadata?.resourceVersion === object.metadata?.resourceVersion && put(applied(before, object));
    },
    create: async (object, { signal } = {}) =>
      (await call("create", resourceOf(object), nameOf(object), signal)) === undefined && put(object),
    async replace(object, { signal } = {}) {
      const before = await call("replace", resourceOf(object), nameOf(object), signal);
      if (!before) return null;
      return before.metadata?.resourceVersion === object.metadata?.resourceVersion && put(object);
    },
    get: async (resource, name, { signal } = {}) => structuredClone((await call("get", resource, name, signal)) ?? null) as never,
    async list(resource, { signal, ...selection } = {}) {
      await call("list", resource, "", signal);
      return { items: server.all(resource).filter((object) => selects(selection, object)), resourceVersion: String(store.version()) };
    },
    async patch(resource, name, patch, { signal, resourceVersion } = {}) {
      const before = await call("patch", resource, name, signal);
      if (!before) return null;
      if (resourceVersion !== undefined && before.metadata?.resourceVersion !== resourceVersion) return false;
      return server.put(resource, mergePatch(before, patch) as never);
    },
    async delete(resource, name, { signal, graceSeconds, uid, resourceVersion } = {}) {
      const before = await call("delete", resource, name, signal);
      const { metadata } = before ?? {};
      if (!before || (uid ?? metadata?.uid) !== metadata?.uid) return false;
      if ((resourceVersion ?? metadata?.resourceVersion) !== metadata?.resourceVersion) return false;
      // A pod takes its time to end, unless nobody waits for that.
      if (resource !== "pods" || graceSeconds === 0) server.remove(resource, name);
      else server.edit(resource, name, (object) => void (object.metadata!.deletionTimestamp ??= new Date().toISOString()));
      return true;
    },
    logs: (pod, options = {}) => server.logs(pod, options),
    events: async (uid) => server.events.get(uid) ?? [],
    source: (resource, selection = {}) => toSource(store, resource, selection, () => held),
    close: () => {},
    hold: () => void (held = true),
    release() {
      held = false;
      changed.forEach((wake) => wake());
    },
  };
}

function toSource<R extends Resource>(store: Store, resource: R, selection: Selection, isHeld: () => boolean): Source<Resources[R]> {
  const { server, history, changed } = store;
  return {
    async *pages(): AsyncGenerator<Listed<Resources[R]>> {
      const items = server.all(resource).filter((object) => selects(selection, object));
      yield { items, resourceVersion: String(store.version()) };
    },
    async *watch(from, signal): AsyncGenerator<WatchEvent<Resources[R]>> {
      let index = 0;
      while (!signal.aborted) {
        if (index >= history.length || isHeld()) {
          await nextChange(changed, signal);
          continue;
        }
        const { version, resource: of, event } = history[index++]!;
        if (version > Number(from) && of === resource && selects(selection, event.object)) yield structuredClone(event) as never;
      }
    },
  };
}

async function nextChange(changed: Set<() => void>, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  changed.add(resolve);
  signal.addEventListener("abort", () => resolve(), { once: true });
  await promise;
  changed.delete(resolve);
}

function selects({ labelSelector, fieldSelector }: Selection, { metadata }: ClusterObject): boolean {
  if (fieldSelector !== undefined && fieldSelector !== `metadata.name=${metadata?.name}`) return false;
  return (labelSelector?.split(",") ?? []).every((each) => {
    const [label = "", value] = each.split("=");
    const has = metadata?.labels?.[label];
    return has !== undefined && (value === undefined || has === value);
  });
}

/** RFC 7386: null takes a member away. */
function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isMap(patch)) return patch;
  const merged: Record<string, unknown> = { ...(isMap(target) ? target : {}) };
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete merged[name];
    else merged[name] = mergePatch(merged[name], value);
  }
  return merged;
}

const isMap = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);
