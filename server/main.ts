/** The entrance of the process, run natively by Node outside Vite's module graph. `npm start` and `npm run dev` end here. */
import { join } from "node:path";
import { runPlatform } from "./prepare/index.ts";

const development = process.argv.includes("--dev");
// React chooses its copy by it: what was built for production must not run with the other one, whatever the shell says.
process.env["NODE_ENV"] = development ? "development" : "production";
await runPlatform({ root: join(import.meta.dirname, ".."), development });
