/**
 * Brings node_modules in line with package-lock.json. Runs on any Node from 20 on, before any dependency is there.
 */
import { spawnSync } from "node:child_process";
import { readFileSync, existsSync } from "node:fs";
import { join } from "node:path";

export const root = join(import.meta.dirname ?? new URL(".", import.meta.url).pathname, "..");
/** The Node that the platform is pinned to, from the npm package `node`. */
export const pinnedNode = join(root, "node_modules/node/bin/node");

/**
 * What is installed is what the lock file says. npm writes its own copy of the lock into node_modules last, so that one
 * which is there and agrees means a whole install; an interrupted one leaves none.
 */
export function isInstalled(folder = root) {
  if (!existsSync(join(folder, "node_modules/node/bin/node"))) return false;
  const wanted = readPackages(join(folder, "package-lock.json"));
  const found = readPackages(join(folder, "node_modules/.package-lock.json"));
  if (!wanted || !found) return false;
  return Object.entries(wanted).every(
    ([path, entry]) =>
      path === "" ||
      (found[path] ? found[path].version === entry.version : entry.optional === true || entry.peer === true || entry.devOptional === true),
  );
}

/** Runs `npm ci` when it is needed; ends the process with npm's words when that fails. */
export function installWhenNeeded() {
  checkNode();
  if (isInstalled()) return;
  process.stdout.write("Installing the Node packages (npm ci)\n");
  // Through npm itself when npm started us. Warnings about engines are noise here: the pinned Node runs everything, npm's only installs.
  const npm = process.env.npm_execpath;
  const args = ["ci", "--include=dev", "--no-audit", "--no-fund", "--loglevel=error"];
  const done = npm
    ? spawnSync(process.execPath, [npm, ...args], { cwd: root, stdio: "inherit" })
    : spawnSync("npm", args, { cwd: root, stdio: "inherit" });
  if (done.error) fail(`npm cannot be run (${done.error.message}); it comes with Node: apt-get install -y npm`);
  if (done.status !== 0) fail("npm ci failed; its messages are above");
  if (!isInstalled()) fail(`npm ci left node_modules incomplete. If install scripts are switched off, run: npm rebuild node`);
}

/** This process runs the Node that the platform is pinned to. */
export function runsPinnedNode() {
  const { version } = JSON.parse(readFileSync(join(root, "node_modules/node/package.json"), "utf8"));
  return process.versions.node === version;
}

function checkNode() {
  const major = Number(process.versions.node.split(".")[0]);
  if (major < 20)
    fail(
      `Node 20 or newer is needed to install (here is ${process.versions.node}); Debian 12 and newer: apt-get install -y nodejs npm, or https://nodejs.org`,
    );
}

function readPackages(path) {
  try {
    return JSON.parse(readFileSync(path, "utf8")).packages;
  } catch {
    return null;
  }
}

export function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}
