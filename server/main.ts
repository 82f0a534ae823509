/** The entrance of the process, run natively by Node outside Vite's module graph. `npm start` and `npm run dev` end here. */
import { join } from "node:path";
import { runPlatform } from "./prepare/index.ts";

await runPlatform({ root: join(import.meta.dirname, ".."), development: process.argv.includes("--dev") });
