/** The informer against a real API server: its order of events, its bookmarks' versions, and a cable that is cut or pulled. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createClusterClient, type ClusterClient } from "#server/runtime/kubernetes/client.ts";
import type { ConfigMap } from "#server/runtime/kubernetes/client-resources.ts";
import { createInformer, type Informer } from "#server/runtime/kubernetes/informer.ts";
import { waitFor } from "../wait.ts";
import { makeAppsNamespace, type AppsNamespace } from "./apps-namespace.ts";
import { openClusterWay, type ClusterWay } from "./cluster-way.ts";

const selection = { labelSelector: "fp-test=yes" };

describe.skipIf(!process.env["KUBECONFIG"])("an informer of a real cluster", () => {
  let namespace: AppsNamespace;
  let way: ClusterWay;
  /** By the way that is cut, and by one that is not. */
  let watched: ClusterClient;
  let direct: ClusterClient;
  let informer: Informer<string>;
  let stop: AbortController;
  let ended: Promise<void>;
  let heard: string[];
  beforeEach(async () => {
    namespace = await makeAppsNamespace();
    way = await openClusterWay();
    watched = await createClusterClient({ kubeconfig: way.kubeconfig, namespace: namespace.name, watchIdleMs: 2_000, deadlineMs: 2_000 });
    direct = await createClusterClient({ namespace: namespace.name });
    informer = createInformer<ConfigMap, string>({
      source: watched.source("configmaps", selection),
      project: ({ data }) => data?.["v"] ?? "",
    });
    heard = [];
    informer.onChange((change, value) => heard.push(`${change} ${value}`));
    stop = new AbortController();
  });
  afterEach(async () => {
    stop.abort();
    await ended;
    watched.close();
    direct.close();
    await way.close();
    await namespace.remove();
  });
  const toObject = (name: string, v: string): ConfigMap => ({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name, namespace: namespace.name, labels: { "fp-test": "yes" } },
    data: { v },
  });
  const begin = async (): Promise<void> => {
    ended = informer.start(stop.signal);
    await informer.synced;
  };

  it("hears each change once and in order, also of what is made and removed at once", async () => {
    await direct.create(toObject("before", "0"));
    await begin();
    expect([...informer.values()]).toEqual(["0"]);
    for (const v of ["1", "2", "3"]) await direct.apply(toObject("a", v));
    await direct.delete("configmaps", "a");
    await direct.create(toObject("a", "again"));
    await waitFor("the last change", () => heard.at(-1) === "added again");
    expect(heard).toEqual(["added 0", "added 1", "changed 2", "changed 3", "removed 3", "added again"]);
  });

  it("knows a change of its own process before the watch has it, and tells it once", async () => {
    await begin();
    const made = await direct.create(toObject("own", "1"));
    informer.note(made as ConfigMap);
    expect(informer.get("own")).toBe("1");
    await direct.apply(toObject("own", "2"));
    await waitFor("the next change", () => informer.get("own") === "2");
    expect(heard).toEqual(["added 1", "changed 2"]);
  });

  it("misses nothing when its connection is cut, ten times while objects change", async () => {
    await begin();
    for (let round = 0; round < 10; round += 1) {
      await direct.apply(toObject("a", String(round)));
      way.cut();
      await direct.apply(toObject(`b${round}`, `b${round}`));
      if (round > 0) await direct.delete("configmaps", `b${round - 1}`);
    }
    await waitFor("the end state", () => informer.get("a") === "9" && informer.get("b9") === "b9" && informer.size === 2);
    expect(watched.calls.get("list configmaps")).toBe(1);
  });

  it("serves what it knows while the cable is pulled, and is right again after", async () => {
    await direct.create(toObject("a", "1"));
    await begin();
    await waitFor("an open watch", () => informer.silentMs === 0);
    way.block();
    await direct.apply(toObject("a", "2"));
    await direct.create(toObject("b", "new"));
    await waitFor("it to notice", () => informer.silentMs > 1_000, 30_000);
    expect([...informer.values()]).toEqual(["1"]);
    way.unblock();
    await waitFor("the present state", () => informer.get("a") === "2" && informer.get("b") === "new", 30_000);
  });
});
