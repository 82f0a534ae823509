/**
 * The same on a cluster: asleep → first 200 by a warm pod and by the plain way, beside an ordinary Deployment that is scaled from 0 to 1;
 * wakes while twenty others wake; press Deploy or Roll back → the new version answers, under load. Needs `KUBECONFIG` and the runner's
 * image in the cluster (`npm run cluster:test` on a machine with the one-node cluster leaves both).
 */
import { helloApp } from "./apps.ts";
import { openPeer, peerName, type ClusterPeer } from "./cluster-peer.ts";
import {
  apiCalls,
  askSleeping,
  awaitRest,
  describeCalls,
  openClusterWorld,
  waitForPool,
  wakeOnce,
  type Clustered,
} from "./cluster-world.ts";
import { measurePresses } from "./deploy.ts";
import type { Outcome, Series } from "./figures.ts";
import { counted, putToSleep, type World } from "./world.ts";

const poolSize = 3;
const crowdSize = 20;

export async function measureCluster(world: World): Promise<Outcome> {
  const clusters = openClusterWorld(world);
  try {
    const warm = await clusters.open({ WARM_POOL: String(poolSize) });
    const plain = await clusters.open({ WARM_POOL: "0" });
    const wakes = await measureWakes(warm, plain, await openPeer(warm.namespace));
    const rest = () => awaitRest(warm.namespace, poolSize);
    const presses = await measurePresses(warm.platform, warm.token, { aim: { median: 700, p95: 1_000 }, peer: peerName, rest });
    const crowd = await measureCrowd(await clusters.open({ WARM_POOL: String(crowdSize + 4), WARM_POOL_MEMORY_MIB: "4096" }));
    return {
      series: [...wakes.series, crowd, ...presses.series],
      notes: [
        `One node of this machine's own cores: API server, etcd, kubelet and containerd share them with the platform, which runs beside the cluster and calls pods as a gateway in it would.`,
        ...wakes.notes,
        ...presses.notes,
      ],
    };
  } finally {
    await clusters.close();
  }
}

async function measureWakes(warm: Clustered, plain: Clustered, peer: ClusterPeer): Promise<{ series: Series[]; notes: string[] }> {
  const turns = counted(50);
  const plainTurns = counted(10);
  const withPool: Series = { name: "asleep → 200, warm pool", values: [], aim: { median: 60, p95: 75 }, peer: peerName };
  const withoutPool: Series = { name: "asleep → 200, empty pool", values: [], peer: peerName };
  const theirs: Series = { name: peerName, values: [] };
  const fromPool = await warm.platform.deploy(warm.token, "bench warm", { "app.py": helloApp() });
  const alone = await plain.platform.deploy(plain.token, "bench plain", { "app.py": helloApp() });
  const before = await apiCalls(warm.platform);
  for (let turn = 0; turn < turns; turn += 1) {
    withPool.values.push(await wakeOnce(warm, fromPool, poolSize));
    if (turn % Math.ceil(turns / plainTurns) !== 0) continue;
    withoutPool.values.push(await wakeOnce(plain, alone, 0));
    theirs.values.push(await peer.start());
  }
  const calls = describeCalls(before, await apiCalls(warm.platform), turns);
  return { series: [withPool, withoutPool, theirs], notes: [`Calls to the API server per wake and sleep together: ${calls}.`] };
}

/** One app's wakes while twenty others wake: a global bound keeps them from starving each other. */
async function measureCrowd({ platform, token, namespace }: Clustered): Promise<Series> {
  const crowd: Series = { name: `asleep → 200, while ${crowdSize} others wake`, values: [], aim: { p95: 190 }, peer: peerName };
  const apps = [];
  await waitForPool(namespace, crowdSize + 4);
  for (let index = 0; index <= crowdSize; index += 1) apps.push(await platform.deploy(token, `crowd ${index}`, { "app.py": helloApp() }));
  for (let turn = 0; turn < counted(5); turn += 1) {
    for (const app of apps) await putToSleep(platform, token, app.id);
    await awaitRest(namespace, crowdSize + 4);
    crowd.values.push(...(await Promise.all(apps.map(({ slug }) => askSleeping(platform, slug)))));
  }
  for (const app of apps) await platform.api(token, "DELETE", `/api/apps/${app.id}`);
  return crowd;
}
