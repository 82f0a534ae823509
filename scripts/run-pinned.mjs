/**
 * `node scripts/run-pinned.mjs <module> [arguments]`: installs what is missing, then runs the module on the pinned Node.
 * npm puts an older Node first in PATH when the pinned one was not installed yet.
 */
import { spawn } from "node:child_process";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { installWhenNeeded, pinnedNode, root, runsPinnedNode } from "./install.mjs";

installWhenNeeded();
const [script, ...rest] = process.argv.slice(2);
const path = resolve(root, script);

if (runsPinnedNode()) {
  process.argv = [process.argv[0], path, ...rest];
  await import(pathToFileURL(path).href);
} else {
  // The channel tells the child when this process is gone.
  const child = spawn(pinnedNode, [path, ...rest], { stdio: ["inherit", "inherit", "inherit", "ipc"] });
  // Ctrl+C reaches both, so this one only waits; a signal sent to this process alone is passed on.
  process.on("SIGINT", () => undefined);
  for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("exit", (code, signal) => process.exit(code ?? (signal ? 1 : 0)));
}
