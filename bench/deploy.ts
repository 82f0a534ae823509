/** Press Deploy → the new version answers, with the old one called all the while. */
import { setTimeout as delay } from "node:timers/promises";
import { helloApp } from "./apps.ts";
import type { Outcome } from "./figures.ts";
import { openPeer } from "./peer.ts";
import { whenQuiet } from "./processes.ts";
import type { World } from "./world.ts";

const deployments = 20;
const peerStarts = 10;
/** The calls that look for the new version, which are also the load on the old one. */
const callEveryMs = 5;
const longestMs = 30_000;

export async function measureDeploy(world: World): Promise<Outcome> {
  const platform = await world.platform();
  const { token } = await platform.signUp();
  const app = await platform.deploy(token, "bench deploy", { "app.py": helloApp() });
  const peer = await openPeer(world.python, helloApp());
  const ours: number[] = [];
  const theirs: number[] = [];
  let calls = 0;
  let failures = 0;
  try {
    for (let edition = 2; edition < 2 + deployments; edition += 1) {
      await whenQuiet(platform.pid);
      const started = performance.now();
      const { deploymentId } = await platform.api<{ deploymentId: string }>(token, "POST", `/api/apps/${app.id}/deploy`, {
        files: { "app.py": helloApp(edition) },
      });
      for (;;) {
        const answer = await platform.callApp(app.slug, "/");
        calls += 1;
        if (answer.status !== 200) failures += 1;
        else if ((answer.json() as { edition: number }).edition === edition) break;
        if (performance.now() - started > longestMs) throw new Error(`Edition ${edition} did not come:\n${platform.output()}`);
        await delay(callEveryMs);
      }
      ours.push(performance.now() - started);
      await platform.settled(token, deploymentId);
      if (edition % (deployments / peerStarts) === 0) theirs.push(await peer.start());
    }
  } finally {
    await peer.close();
  }
  return {
    series: [
      { name: "Deploy → new version answers", values: ours, aim: { median: 100, p95: 150 }, peer: "python -m uvicorn, started anew" },
      { name: "python -m uvicorn, started anew", values: theirs },
    ],
    notes: [`Only code changed. ${calls} calls were made meanwhile, one every ${callEveryMs} ms at most; ${failures} failed.`],
  };
}
