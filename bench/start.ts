/** A second `npm start`, with the database it brings along, and what the platform weighs when nothing runs. */
import type { Outcome } from "./figures.ts";
import { helloApp } from "./apps.ts";
import { weigh } from "./memory.ts";
import { whenQuiet } from "./processes.ts";
import { counted, type World } from "./world.ts";

export async function measureStart(world: World): Promise<Outcome> {
  const platform = await world.wholePlatform();
  const { token } = await platform.signUp();
  const { slug } = await platform.deploy(token, "hello", { "app.py": helloApp() });
  const starts = counted(5);
  const startMs: number[] = [];
  const fresh: number[] = [];
  const used: number[] = [];
  for (let turn = 0; turn < starts; turn += 1) {
    process.kill(platform.pid, "SIGTERM");
    await platform.ended();
    const started = performance.now();
    await platform.restart();
    startMs.push(performance.now() - started);
    await whenQuiet(platform.pid);
    fresh.push(weigh(platform.pid).resident);
    for (let call = 0; call < 200; call += 1) {
      const answer = await platform.callApp(slug, "/");
      if (answer.status !== 200) throw new Error(`The app answered ${answer.status}: ${answer.text}`);
    }
    await platform.call("/sign-in");
    await whenQuiet(platform.pid);
    used.push(weigh(platform.pid).resident);
  }
  return {
    series: [
      { name: "start of the process → ready", values: startMs, aim: { atMost: 3_000 } },
      { name: "resident memory after the start", values: fresh, unit: "MB", aim: { atMost: 250 } },
      { name: "… after 200 requests and a page", values: used, unit: "MB", aim: { atMost: 250 } },
    ],
    notes: [
      "Nothing was to be built or installed. Memory is that of the Node process: runners and the database are processes of their own.",
    ],
  };
}
