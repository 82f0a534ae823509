/** Sign-up → first answered request of one's own app, by script, on a platform that is up. */
import { helloApp } from "./apps.ts";
import type { Outcome } from "./figures.ts";
import { whenQuiet } from "./processes.ts";
import { counted, type World } from "./world.ts";

export async function measureFirstRequest(world: World): Promise<Outcome> {
  const platform = await world.platform();
  const values: number[] = [];
  for (let turn = 0; turn < counted(10); turn += 1) {
    await whenQuiet(platform.pid);
    const started = performance.now();
    const { token } = await platform.signUp();
    const { slug } = await platform.deploy(token, "hello", { "app.py": helloApp() });
    const answer = await platform.callApp(slug, "/");
    if (answer.status !== 200) throw new Error(`The new app answered ${answer.status}: ${answer.text}`);
    values.push(performance.now() - started);
  }
  return {
    series: [{ name: "sign-up → first answered request", values, aim: { atMost: 5_000 } }],
    notes: ["Sign-up, a new app with its database, a deployment followed to its end, one request; over the HTTP API, asked every 25 ms."],
  };
}
