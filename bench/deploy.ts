/** Press Deploy or Roll back → the new version answers, while visitors call the app at a constant rate. No request may fail. */
import { setTimeout as delay } from "node:timers/promises";
import type { TestPlatform } from "../tests/platform.ts";
import { helloApp } from "./apps.ts";
import { quantile, type Outcome, type Series } from "./figures.ts";
import { startLoad } from "./load.ts";
import { openPeer } from "./peer.ts";
import { openProbe, type Probe } from "./probe.ts";
import { counted, type World } from "./world.ts";

export const visitorsPerSecond = 50;
/** How often the new version is looked for, over one kept connection. */
const lookEveryMs = 4;
const longestMs = 30_000;

export async function measureDeploy(world: World): Promise<Outcome> {
  const platform = await world.platform();
  const { token } = await platform.signUp();
  const peer = await openPeer(world.python, helloApp());
  const peerName = "python -m uvicorn, started anew";
  const theirs: Series = { name: peerName, values: [] };
  try {
    const { series, notes } = await measurePresses(platform, token, {
      aim: { median: 100, p95: 150 },
      peer: peerName,
      rest: () => delay(750),
      between: async () => void theirs.values.push(await peer.start()),
    });
    return { series: [...series, theirs], notes };
  } finally {
    await peer.close();
  }
}

export interface PressOptions {
  aim: { median: number; p95: number };
  /** The name of the series that both are compared with. */
  peer: string;
  /** Resolves when the old instance of the last press has ended and the pool is full again, as for somebody who reads what it changed. */
  rest(): Promise<void>;
  /** Done after every other turn: what a peer takes, in the same minutes. */
  between?(): Promise<void>;
}

/** Deploys and rolls back in turn, under load. @throws Error when a request failed. */
export async function measurePresses(platform: TestPlatform, token: string, { aim, peer, rest, between }: PressOptions): Promise<Outcome> {
  const app = await platform.deploy(token, "bench deploy", { "app.py": helloApp() });
  const probe = openProbe(platform.port, `${app.slug}.localhost:${platform.port}`, "/");
  const press = presser(platform, token, probe, rest);
  const deploys: Series = { name: "Deploy → new version answers", values: [], aim, peer };
  const rollbacks: Series = { name: "Roll back → old version answers", values: [], aim, peer };
  const load = startLoad(visitorsPerSecond, () => platform.callApp(app.slug, "/"));
  try {
    let newest = 1;
    for (let turn = 0; turn < counted(20); turn += 1) {
      newest += 1;
      deploys.values.push(await press(newest, `/api/apps/${app.id}/deploy`, { files: { "app.py": helloApp(newest) } }));
      rollbacks.values.push(await press(newest - 1, `/api/apps/${app.id}/rollback/${newest - 1}`, {}));
      if (turn % 2 === 0) await between?.();
    }
  } finally {
    probe.close();
    await load.stop();
  }
  const { sent, failures, latencies } = await load.stop();
  if (failures.length > 0) throw new Error(`${failures.length} of ${sent} requests failed during deployments: ${failures[0]}`);
  return {
    series: [deploys, rollbacks],
    notes: [
      `Only code changed; the app was awake and was called ${visitorsPerSecond} times a second all the while, each time over a new connection and at its time, whatever became of the one before.`,
      `${sent} requests, none failed; their p50 was ${quantile(latencies, 0.5).toFixed(1)} ms, p99 ${quantile(latencies, 0.99).toFixed(1)} ms, the longest ${Math.max(...latencies).toFixed(0)} ms.`,
      "A rollback loads its version anew, like a deployment.",
    ],
  };
}

/** Sends the order and looks for `edition` until it answers; the ms that took. The deployment has ended when it resolves. */
function presser(platform: TestPlatform, token: string, probe: Probe, rest: () => Promise<void>) {
  return async (edition: number, path: string, body: object): Promise<number> => {
    await rest();
    const started = performance.now();
    const order = platform.api<{ deploymentId: string }>(token, "POST", path, body);
    order.catch(() => undefined);
    for (;;) {
      const { status, text } = await probe.ask();
      if (status !== 200) throw new Error(`The probe was answered ${status}: ${text}`);
      if ((JSON.parse(text) as { edition: number }).edition === edition) break;
      if (performance.now() - started > longestMs) {
        await order;
        throw new Error(`Edition ${edition} did not come:\n${platform.output()}`);
      }
      await delay(lookEveryMs);
    }
    const took = performance.now() - started;
    await platform.settled(token, (await order).deploymentId);
    return took;
  };
}
