/**
 * Asleep → first 200, at the gateway's client: without and with a first query, with a warm runner and with none, and plain uvicorn
 * from nothing in between, so that whatever else the machine does meets all of them. A wake begins when nothing is left to do.
 */
import type { TestPlatform } from "../tests/platform.ts";
import { helloApp, queryApp } from "./apps.ts";
import type { Outcome, Series } from "./figures.ts";
import { openPeer } from "./peer.ts";
import { whenQuiet } from "./processes.ts";
import { counted, putToSleep, type World } from "./world.ts";

const kinds = [
  { what: "no query", code: helloApp(), aim: { median: 30, p95: 45 } },
  { what: "first query", code: queryApp(), aim: { median: 50, p95: 65 } },
];

export async function measureColdStart(world: World): Promise<Outcome> {
  const wakes = counted(50);
  const peerStarts = counted(20);
  const warm = await openPlatform(world, {});
  const empty = await openPlatform(world, { WARM_POOL: "0" });
  const databaseUrl = await world.peerDatabaseUrl();
  const series: Series[] = [];
  for (const { what, code, aim } of kinds) {
    const peer = await openPeer(world.python, code, { PLATFORM_MONGO_URI: databaseUrl });
    const peerName = `python -m uvicorn, ${what}`;
    const withRunner: Series = { name: `asleep → 200, ${what}`, values: [], aim, peer: peerName };
    const withoutPool: Series = { name: `asleep → 200, ${what}, empty pool`, values: [], aim: { atMost: 400 }, peer: peerName };
    const theirs: Series = { name: peerName, values: [] };
    try {
      const [wakeWarm, wakeEmpty] = [await deployed(warm, what, code), await deployed(empty, what, code)];
      for (let turn = 0; turn < wakes; turn += 1) {
        withRunner.values.push(await wakeWarm());
        withoutPool.values.push(await wakeEmpty());
        if (turn % Math.ceil(wakes / peerStarts) === 0) theirs.values.push(await peer.start());
      }
    } finally {
      await peer.close();
    }
    series.push(withRunner, withoutPool, theirs);
  }
  return {
    series,
    notes: [
      "Each wake is asked over a connection of its own; no answer was other than 200.",
      "Warm runner: the pool's size is the default. Empty pool: a second platform with WARM_POOL=0, where a wake starts its runner itself.",
    ],
  };
}

interface Opened {
  platform: TestPlatform;
  token: string;
}

async function openPlatform(world: World, settings: Record<string, string>): Promise<Opened> {
  const platform = await world.platform(settings);
  return { platform, token: (await platform.signUp()).token };
}

/** Deploys `code` and gives what puts it to sleep, waits for rest, and measures one wake. */
async function deployed({ platform, token }: Opened, what: string, code: string): Promise<() => Promise<number>> {
  const app = await platform.deploy(token, `bench ${what}`, { "app.py": code });
  return async () => {
    await putToSleep(platform, token, app.id);
    await whenQuiet(platform.pid);
    const started = performance.now();
    const answer = await platform.callApp(app.slug, "/");
    const took = performance.now() - started;
    if (answer.status !== 200) throw new Error(`The woken app answered ${answer.status}: ${answer.text}`);
    return took;
  };
}
