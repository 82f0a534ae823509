/** A platform to be killed: an app awake and a pool beside it. Says where the app's folder lies once it answers. */
import { dirname, join } from "node:path";
import { createLocalRuntime } from "#server/runtime/local/index.ts";
import { hello } from "./programs.ts";
import { createWorld } from "./world.ts";

const [dataDir, python] = process.argv.slice(2);
if (!dataDir || !python) throw new Error("usage: victim.ts <data folder> <python>");
const world = await createWorld(async (specOf) => {
  const runtime = createLocalRuntime({
    dataDir,
    python,
    runnerDir: join(import.meta.dirname, "../../runner"),
    warmPool: 1,
    mongo: { address: () => ({ host: "127.0.0.1", port: 1 }) },
    specOf,
    logger: { info: () => {}, warn: () => {} },
  });
  return { runtime, outsidePort: 0, secretPaths: [], close: async () => {} };
});
const { endpoint } = await world.deploy("victim", hello("still here"));
if (endpoint && "socketPath" in endpoint) process.send?.(dirname(endpoint.socketPath));
