/**
 * 1,000 parked apps and 200 that sleep with their objects, beside an installation with one app: waking one of each kind, the platform's
 * memory, and how many objects the cluster keeps for them. Needs `KUBECONFIG` and the runner's image in the cluster.
 */
import mongoose from "mongoose";
import { kubectl, type AppsNamespace } from "../tests/kubernetes/apps-namespace.ts";
import { waitFor } from "../tests/wait.ts";
import { helloApp } from "./apps.ts";
import { apiCalls, askSleeping, describeCalls, openClusterWorld, waitForPool, wakeOnce, type Clustered } from "./cluster-world.ts";
import type { Outcome, Series } from "./figures.ts";
import { fillWithSleepingApps } from "./installation.ts";
import { weigh } from "./memory.ts";
import { counted, putToSleep, type World } from "./world.ts";

const parked = 1_000;
const kept = 200;
/** As many as one owner may have beside the app that they are copies of. */
const ofOwner = 90;
const poolSize = 3;

export async function measureClusterSleeping(world: World): Promise<Outcome> {
  const clusters = openClusterWorld(world);
  const turns = counted(20);
  try {
    const settings = { WARM_POOL: String(poolSize), PARK_AFTER: String(kept + 1) };
    const small = await openWithApp(await clusters.open(settings));
    const large = await openWithApp(await clusters.open(settings));
    const copies = await fillWithSleepingApps(large.url, large.app.id, parked + kept + 1, ofOwner);
    const alone = await countObjects(large.namespace);
    // Copies that are kept are not among those that are woken: these have no objects yet, as a parked app has none.
    await keepObjects(large.namespace, large.app.id, kept, await findCopies(large, copies));
    for (const { platform } of [small, large]) await restart(platform);
    const [wakeSmall, wakeLarge, wakeParked]: [Series, Series, Series] = [
      { name: "asleep → 200, one app", values: [] },
      { name: `asleep → 200, beside ${parked.toLocaleString("en")} parked and ${kept} kept`, values: [], peer: "asleep → 200, one app" },
      { name: "parked → 200", values: [], peer: "asleep → 200, one app" },
    ];
    const before = await apiCalls(large.platform);
    for (let turn = 0; turn < turns; turn += 1) {
      wakeSmall.values.push(await wakeOnce(small, small.app, poolSize));
      wakeLarge.values.push(await wakeOnce(large, large.app, poolSize));
    }
    const calls = describeCalls(before, await apiCalls(large.platform), turns);
    for (const slug of copies.slice(0, Math.min(turns, 10))) {
      await waitForPool(large.namespace, poolSize);
      wakeParked.values.push(await askSleeping(large.platform, slug));
    }
    const [thin, full] = [weigh(small.platform.pid).resident, weigh(large.platform.pid).resident];
    return {
      series: [
        wakeLarge,
        wakeSmall,
        wakeParked,
        { name: "the platform's process, all of them", values: [full], unit: "MB" },
        { name: "the platform's process, one app", values: [thin], unit: "MB" },
      ],
      notes: [
        `Two platforms, asked in turn. One app was really deployed on each; the others are its copies, in the database and, for the ${kept}, on the cluster. Objects of one sleeping app with its pool: ${alone}; of all: ${await countObjects(large.namespace)}.`,
        `Calls to the API server per wake and sleep together, beside all: ${calls}.`,
      ],
    };
  } finally {
    await clusters.close();
  }
}

type Opened = Clustered & { app: { id: string; slug: string } };

async function openWithApp(clustered: Clustered): Promise<Opened> {
  const { platform, token } = clustered;
  const app = await platform.deploy(token, "bench sleeping", { "app.py": helloApp() });
  await putToSleep(platform, token, app.id);
  return { ...clustered, app };
}

async function restart(platform: Clustered["platform"]): Promise<void> {
  process.kill(platform.pid, "SIGTERM");
  await platform.ended();
  await platform.restart();
}

/** Ids of all apps that are there but those with these slugs. */
async function findCopies({ url, app }: Opened, without: readonly string[]): Promise<string[]> {
  const client = await new mongoose.mongo.MongoClient(url).connect();
  try {
    const found = client
      .db()
      .collection("apps")
      .find({ slug: { $nin: [...without, app.slug] } }, { projection: { _id: 1 } });
    return (await found.toArray()).map(({ _id }) => String(_id));
  } finally {
    await client.close();
  }
}

interface Json {
  metadata: {
    name: string;
    uid?: string;
    labels: Record<string, string>;
    annotations?: Record<string, string>;
    ownerReferences?: object[];
  };
  [member: string]: unknown;
}

/** Gives `count` of these apps the objects that `appId` has while it sleeps, under their own names. */
async function keepObjects(namespace: AppsNamespace, appId: string, count: number, ids: readonly string[]): Promise<void> {
  const read = async (kinds: string): Promise<Json[]> =>
    (JSON.parse(await namespace.kubectl("get", kinds, "-l", `fastapi-platform/app=${appId}`, "-o", "json")) as { items: Json[] }).items;
  const copy = (object: Json, id: string, owner?: Json): Json => {
    const text = JSON.stringify({ ...object, status: undefined }).replaceAll(appId, id);
    const made = JSON.parse(text) as Json;
    const { name, labels, annotations } = made.metadata;
    const owners = owner && [
      { apiVersion: "apps/v1", kind: "Deployment", name: owner.metadata.name, uid: owner.metadata.uid, controller: true },
    ];
    made.metadata = { name, labels, ...(annotations ? { annotations } : {}), ...(owners ? { ownerReferences: owners } : {}) };
    return made;
  };
  const create = (objects: readonly Json[]): Promise<string> =>
    kubectl(["-n", namespace.name, "apply", "-f", "-"], objects.map((object) => JSON.stringify(object)).join("\n---\n"));
  const chosen = ids.slice(0, count);
  const [deployment] = await read("deployments");
  if (!deployment) throw new Error("the app to copy has no Deployment");
  await create(chosen.map((id) => copy(deployment, id)));
  const all = (JSON.parse(await namespace.kubectl("get", "deployments", "-o", "json")) as { items: Json[] }).items;
  const owners = new Map(all.map((object) => [object.metadata.labels["fastapi-platform/app"], object]));
  const contents = await read("configmaps,secrets");
  await create(chosen.flatMap((id) => contents.map((object) => copy(object, id, owners.get(id)))));
  await waitFor("their ReplicaSets", async () => (await countOf(namespace, "replicasets")) > count, 120_000);
}

const countOf = async (namespace: AppsNamespace, kind: string): Promise<number> =>
  (await namespace.kubectl("get", kind, "-o", "name")).split("\n").filter(Boolean).length;

async function countObjects(namespace: AppsNamespace): Promise<string> {
  const kinds = ["deployments", "replicasets", "configmaps", "secrets", "pods"];
  const counts = await Promise.all(kinds.map((kind) => countOf(namespace, kind)));
  return kinds.map((kind, index) => `${counts[index]} ${kind}`).join(", ");
}
