/** What an app that is awake weighs, at 50 of them, and what everything around them does. */
import { setTimeout as delay } from "node:timers/promises";
import { waitFor } from "../tests/wait.ts";
import { queryApp } from "./apps.ts";
import type { Outcome, Series } from "./figures.ts";
import { weigh, weighDescendants, weighNamed, type Weight } from "./memory.ts";
import { openPeer } from "./peer.ts";
import { whenQuiet } from "./processes.ts";
import { counted, putToSleep, type World } from "./world.ts";

/** The pool grows with the wakes and is back at its size a minute after them; till then its runners would count as the apps'. */
const poolShrinksMs = 70_000;
/** Each is asked so often before it is weighed: threads are there, and a database connection. */
const callsEach = 20;
const peers = 5;
const database = /secantusd|mongod/;

export async function measureDensity(world: World): Promise<Outcome> {
  const count = counted(50);
  const platform = await world.wholePlatform();
  const { token } = await platform.signUp();
  const apps: { id: string; slug: string }[] = [];
  for (let index = 0; index < count; index += 1) {
    const app = await platform.deploy(token, `bench ${index}`, { "app.py": queryApp() });
    apps.push(app);
    await putToSleep(platform, token, app.id);
  }
  const weighAll = async () => {
    await delay(poolShrinksMs);
    await whenQuiet(platform.pid);
    return { tree: weighDescendants(platform.pid, database), node: weigh(platform.pid) };
  };
  const asleep = await weighAll();
  for (const { slug } of apps) {
    for (let call = 0; call < callsEach; call += 1) {
      const answer = await platform.callApp(slug, "/");
      if (answer.status !== 200) throw new Error(`The app answered ${answer.status}: ${answer.text}`);
    }
  }
  await waitFor("all apps are awake", async () => {
    const { items } = await platform.api<{ items: { status: string }[] }>(token, "GET", "/api/apps?limit=200");
    return items.every(({ status }) => status === "running");
  });
  const awake = await weighAll();
  const each = (field: keyof Weight): number => (awake.tree[field] - asleep.tree[field]) / count;
  const peer = await weighPeers(world);
  const mb = (name: string, value: number, rest: Partial<Series> = {}): Series => ({ name, values: [value], unit: "MB", ...rest });
  const beside = [
    ["its zygote (private)", weighNamed(platform.pid, /fp_runner\S*\s+zygote/)?.own],
    ["its database", weighNamed(platform.pid, database)?.resident],
  ] as const;
  return {
    series: [
      mb(`an awake app, private, at ${count}`, each("own"), { aim: { atMost: 35 }, peer: "uvicorn, private" }),
      mb(`an awake app, with its part of shared pages, at ${count}`, each("proportional"), {
        peer: "uvicorn, with its part of shared pages",
      }),
      mb("uvicorn, private", peer.own),
      mb("uvicorn, with its part of shared pages", peer.proportional),
      mb("the platform's process, all asleep", asleep.node.resident),
      mb(`… with ${count} awake`, awake.node.resident),
      ...beside.flatMap(([name, value]) => (value === undefined ? [] : [mb(name, value)])),
    ],
    notes: [
      `Weighed by the kernel (smaps_rollup): all processes below the platform's but the database, with ${count} apps awake, less the same with all asleep, by ${count}; so an app's init and all else that comes with it counts.`,
      `Each app has FastAPI and pymongo and was asked ${callsEach} times for a query. uvicorn: ${peers} processes with the same app, after the same calls, on average.`,
    ],
  };
}

/** The same app under plain uvicorn, several at once so that they share what they can. */
async function weighPeers(world: World): Promise<Weight> {
  const env = { PLATFORM_MONGO_URI: await world.peerDatabaseUrl() };
  const opened = await Promise.all(Array.from({ length: peers }, () => openPeer(world.python, queryApp(), env)));
  try {
    const running = [];
    for (const peer of opened) running.push(await peer.run());
    try {
      for (const { ask } of running) for (let call = 0; call < callsEach; call += 1) await ask();
      const weights = running.map(({ pid }) => weigh(pid));
      const mean = (field: keyof Weight): number => weights.reduce((sum, weight) => sum + weight[field], 0) / peers;
      return { resident: mean("resident"), own: mean("own"), proportional: mean("proportional") };
    } finally {
      await Promise.all(running.map(({ end }) => end()));
    }
  } finally {
    await Promise.all(opened.map((peer) => peer.close()));
  }
}
