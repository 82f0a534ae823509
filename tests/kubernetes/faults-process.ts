/**
 * `node faults-process.ts <namespace> wake|deploy <appId> <leads>`: a process of the platform that is killed in the middle. Wakes or deploys the app,
 * says `holding` once a pod is its own, and never gets further.
 */
import { makeSpec, openProcess, waitForPool, type Live } from "./faults-world.ts";

const [namespace = "", task = "", appId = "", leads = ""] = process.argv.slice(2);
const hold = (): Promise<never> => {
  process.stdout.write("holding\n");
  return new Promise(() => {});
};
const live: Live = new Map([[appId, makeSpec(appId, 1, task === "wake" ? { readFiles: hold } : {})]]);
const platform = await openProcess(namespace, live, { worker: leads === "leads", warmPool: leads === "leads" ? 2 : 0 });
if (leads === "leads") await waitForPool(platform, 1);
setInterval(() => undefined, 1_000);
if (task === "wake") await platform.runtime.wake(appId);
else
  for await (const event of platform.runtime.deploy(makeSpec(appId, 2), hold, AbortSignal.timeout(600_000)))
    if (event.type === "failed") throw new Error(event.error.message);
