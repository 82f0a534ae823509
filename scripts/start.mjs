/** `npm start` and `npm run dev`: installs what is missing, then runs server/main.ts on the pinned Node. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { installWhenNeeded, pinnedNode, root, runsPinnedNode } from "./install.mjs";

installWhenNeeded();
process.env.NODE_ENV ??= process.argv.includes("--dev") ? "development" : "production";
const main = join(root, "server/main.ts");

if (runsPinnedNode()) await import(main);
else {
  // npm found an older Node because this one was not installed yet. The channel tells the platform when this process is gone.
  const child = spawn(pinnedNode, [main, ...process.argv.slice(2)], { stdio: ["inherit", "inherit", "inherit", "ipc"] });
  // Ctrl+C reaches both; this one only waits. A signal sent to this process alone is passed on.
  process.on("SIGINT", () => undefined);
  for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("exit", (code, signal) => process.exit(code ?? (signal ? 1 : 0)));
}
