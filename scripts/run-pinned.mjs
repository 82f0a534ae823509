/**
 * `node scripts/run-pinned.mjs <module> [arguments]`: installs what is missing, then runs the module on the pinned Node.
 * npm puts an older Node first in PATH when the pinned one was not installed yet.
 */
import { spawn } from "node:child_process";
import module from "node:module";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { installWhenNeeded, pinnedNode, root, runsPinnedNode } from "./install.mjs";

installWhenNeeded();
const [script, ...rest] = process.argv.slice(2);
const path = resolve(root, script);
// What was compiled at the last start, TypeScript without its types included: the next one takes a third of the time, and does not
// load Node's TypeScript compiler (30 MB).
const compiled = join(root, "node_modules/.cache/compiled");

if (runsPinnedNode()) {
  module.enableCompileCache(compiled);
  process.argv = [process.argv[0], path, ...rest];
  await import(pathToFileURL(path).href);
} else {
  // The channel tells the child when this process is gone.
  const child = spawn(pinnedNode, [...process.execArgv, path, ...rest], {
    stdio: ["inherit", "inherit", "inherit", "ipc"],
    env: { ...process.env, NODE_COMPILE_CACHE: compiled },
  });
  // Ctrl+C reaches both, so this one only waits; a signal sent to this process alone is passed on.
  process.on("SIGINT", () => undefined);
  for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("exit", (code, signal) => process.exit(code ?? (signal ? 1 : 0)));
}
