import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startFakeApi, type FakeApi } from "../../../tests/kubernetes/informer-api.ts";
import { waitFor } from "../../../tests/wait.ts";
import { createClusterClient, type ClusterClient } from "./client.ts";
import type { Pod } from "./client-resources.ts";
import { createInformer, type Change, type Informer } from "./informer.ts";

let api: FakeApi;
let client: ClusterClient;
let stop: AbortController;
let ended: Promise<void>;
let heard: string[];
let away: string[];

interface Small {
  name: string;
  state: string;
}

const project = ({ metadata }: Pod): Small | null =>
  metadata?.labels?.["ignored"] ? null : { name: metadata?.name ?? "", state: metadata?.labels?.["state"] ?? "" };

async function start(): Promise<Informer<Small>> {
  client = await createClusterClient({ kubeconfig: api.kubeconfig, namespace: "apps", watchIdleMs: 400 });
  const informer = createInformer<Pod, Small>({ source: client.source("pods"), project, onAway: (error) => away.push(error.message) });
  informer.onChange((change: Change, object, previous) =>
    heard.push(`${change} ${object.name} ${previous ? `${previous.state}>` : ""}${object.state}`),
  );
  ended = informer.start(stop.signal);
  await informer.synced;
  return informer;
}

const names = (informer: Informer<Small>): string[] => [...informer.values()].map(({ name }) => name).toSorted();

beforeEach(async () => {
  api = await startFakeApi();
  stop = new AbortController();
  heard = [];
  away = [];
});

afterEach(async () => {
  stop.abort();
  await ended;
  client.close();
  await api.close();
});

describe("an informer", () => {
  it("knows everything at first, over several pages, and then each change", async () => {
    for (const name of ["a", "b", "c", "d", "e"]) api.put(name, { state: "one" });
    const informer = await start();
    expect(names(informer)).toEqual(["a", "b", "c", "d", "e"]);
    expect(informer.get("c")).toEqual({ name: "c", state: "one" });
    expect(client.calls.get("list pods")).toBe(3);
    heard.length = 0;
    await waitFor("the watch", () => api.watchers === 1);
    api.put("c", { state: "two" });
    api.put("f", { state: "one" });
    api.remove("a");
    await waitFor("the changes", () => heard.length === 3);
    expect(heard).toEqual(["changed c one>two", "added f one", "removed a one>one"]);
    expect(informer.size).toBe(5);
    expect(informer.silentMs).toBe(0);
  });

  it("leaves out what is of no interest, and drops what becomes so", async () => {
    api.put("a", { state: "one" });
    api.put("b", { ignored: "yes" });
    const informer = await start();
    expect(names(informer)).toEqual(["a"]);
    await waitFor("the watch", () => api.watchers === 1);
    api.put("a", { ignored: "yes" });
    await waitFor("its end", () => informer.size === 0);
    expect(heard).toEqual(["added a one", "removed a one>one"]);
  });

  it.each(["end", "torn"] as const)("misses nothing when its watch is cut (%s)", async (how) => {
    api.put("a", { state: "one" });
    const informer = await start();
    await waitFor("the watch", () => api.watchers === 1);
    api.put("a", { state: "two" });
    await waitFor("the change", () => heard.length === 2);
    api.cut(how);
    await waitFor("the end of the watch", () => api.watchers === 0);
    api.put("b", { state: "meanwhile" });
    await waitFor("what happened meanwhile", () => informer.get("b"));
    expect(heard).toEqual(["added a one", "changed a one>two", "added b meanwhile"]);
    expect(api.requests.filter((request) => request === "list")).toHaveLength(1);
  });

  it.each(["inside", "status"] as const)(
    "reads all again when its version is forgotten (410 %s), and tells only what changed",
    async (how) => {
      api.put("a", { state: "one" });
      api.put("b", { state: "one" });
      const informer = await start();
      await waitFor("the watch", () => api.watchers === 1);
      heard.length = 0;
      api.forget(how);
      await api.down();
      api.remove("a");
      api.put("c", { state: "new" });
      api.forget(how);
      await api.up();
      await waitFor("the new state", () => informer.get("c"));
      await waitFor("the new watch", () => api.watchers === 1);
      expect(names(informer)).toEqual(["b", "c"]);
      expect(heard.toSorted()).toEqual(["added c new", "removed a one>one"]);
    },
  );

  it("goes on from the last bookmark, not from the last change", async () => {
    api.put("a");
    await start();
    await waitFor("the watch", () => api.watchers === 1);
    api.bookmark();
    api.cut("end");
    await waitFor("the next watch", () => api.requests.some((request) => request === "watch 111"));
    expect(api.requests.join()).not.toContain("without bookmarks");
  });

  it("takes a watch up again that says nothing for too long: a cut cable does not say that it is cut", async () => {
    api.put("a");
    const informer = await start();
    await waitFor("several watches", () => api.requests.filter((request) => request.startsWith("watch")).length >= 3);
    expect(informer.size).toBe(1);
    expect(api.requests.filter((request) => request === "list")).toHaveLength(1);
  });

  it("serves its last state while the cluster is away, says so once, and is right again after", async () => {
    api.put("a", { state: "one" });
    const informer = await start();
    await waitFor("the watch", () => api.watchers === 1);
    await api.down();
    await waitFor("its absence to be noticed", () => away.length > 0);
    await waitFor("several attempts", () => (client.calls.get("watch pods") ?? 0) >= 4);
    expect(informer.get("a")).toEqual({ name: "a", state: "one" });
    expect(informer.silentMs).toBeGreaterThan(0);
    expect(away).toHaveLength(1);
    expect(away[0]).toContain("The cluster's API server cannot be reached");
    await api.up();
    api.put("a", { state: "two" });
    await waitFor("the change", () => informer.get("a")?.state === "two");
    expect(heard).toEqual(["added a one", "changed a one>two"]);
  });

  it("keeps trying when the cluster is away from the start", async () => {
    await api.down();
    client = await createClusterClient({ kubeconfig: api.kubeconfig, namespace: "apps" });
    const informer = createInformer<Pod, Small>({ source: client.source("pods"), project, onAway: (error) => away.push(error.message) });
    ended = informer.start(stop.signal);
    await waitFor("an attempt", () => away.length === 1);
    await api.up();
    api.put("a");
    await informer.synced;
    expect(names(informer)).toEqual(["a"]);
  });

  it("tells another object of the same name as one that went and one that came", async () => {
    api.put("a", { state: "one" }, "uid-1");
    await start();
    await waitFor("the watch", () => api.watchers === 1);
    api.put("a", { state: "two" }, "uid-2");
    await waitFor("the other", () => heard.length === 3);
    expect(heard).toEqual(["added a one", "removed a one>one", "added a two"]);
  });

  it("knows what this process was answered at once, tells it once, and is not set back by what is older", async () => {
    const first = api.put("a", { state: "one" });
    const informer = await start();
    await waitFor("the watch", () => api.watchers === 1);
    const note = (resourceVersion: string, state: string, uid = "uid-a") =>
      informer.note({ metadata: { ...first.metadata, uid, resourceVersion, labels: { state } } });
    note("103", "noted");
    expect(informer.get("a")?.state).toBe("noted");
    api.put("a", { state: "older" });
    note("99", "oldest");
    api.put("a", { state: "noted" });
    api.put("a", { state: "newer" });
    await waitFor("the newer state", () => informer.get("a")?.state === "newer");
    expect(heard).toEqual(["added a one", "changed a one>noted", "changed a noted>newer"]);
    api.remove("a");
    await waitFor("its end", () => informer.size === 0);
    note("999", "late");
    expect(informer.size).toBe(0);
  });

  it("goes on when a listener is wrong, and says so", async () => {
    api.put("a");
    client = await createClusterClient({ kubeconfig: api.kubeconfig, namespace: "apps" });
    const bugs: unknown[] = [];
    const informer = createInformer<Pod, Small>({ source: client.source("pods"), project, onBug: (error) => bugs.push(error) });
    informer.onChange(() => {
      throw new Error("a bug");
    });
    const end = informer.onChange((change, { name }) => heard.push(`${change} ${name}`));
    ended = informer.start(stop.signal);
    await waitFor("the watch", () => api.watchers === 1);
    api.put("b");
    await waitFor("the change", () => heard.length === 2);
    end();
    api.put("c");
    await waitFor("the next", () => informer.get("c"));
    expect(heard).toEqual(["added a", "added b"]);
    expect(bugs).toHaveLength(3);
  });
});
