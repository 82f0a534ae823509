/**
 * Asleep → first 200, at the gateway's client: without and with a first query, and plain uvicorn from nothing in between, so that
 * whatever else the machine does meets both. A wake begins when the pool is full and nothing is left to do.
 */
import { helloApp, queryApp } from "./apps.ts";
import type { Outcome, Series } from "./figures.ts";
import { openPeer } from "./peer.ts";
import { whenQuiet } from "./processes.ts";
import { putToSleep, type World } from "./world.ts";

const wakes = 50;
const peerStarts = 20;

export async function measureColdStart(world: World): Promise<Outcome> {
  const platform = await world.platform();
  const { token } = await platform.signUp();
  const databaseUrl = await world.peerDatabaseUrl();
  const series: Series[] = [];
  for (const { what, code, aim } of [
    { what: "no query", code: helloApp(), aim: { median: 30, p95: 45 } },
    { what: "first query", code: queryApp(), aim: { median: 50, p95: 65 } },
  ]) {
    const app = await platform.deploy(token, `bench ${what}`, { "app.py": code });
    const peer = await openPeer(world.python, code, { PLATFORM_MONGO_URI: databaseUrl });
    const peerName = `python -m uvicorn, ${what}`;
    const ours: Series = { name: `asleep → 200, ${what}`, values: [], aim, peer: peerName };
    const theirs: Series = { name: peerName, values: [] };
    try {
      for (let turn = 0; turn < wakes; turn += 1) {
        await putToSleep(platform, token, app.id);
        await whenQuiet(platform.pid);
        const started = performance.now();
        const answer = await platform.callApp(app.slug, "/");
        ours.values.push(performance.now() - started);
        if (answer.status !== 200) throw new Error(`The woken app answered ${answer.status}: ${answer.text}`);
        if (turn % Math.ceil(wakes / peerStarts) === 0) theirs.values.push(await peer.start());
      }
    } finally {
      await peer.close();
    }
    series.push(ours, theirs);
  }
  return {
    series,
    notes: [`Each wake takes a warm runner of the pool (2) and is asked over a connection of its own; no answer was other than 200.`],
  };
}
