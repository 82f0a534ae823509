/** What the tests need from the system: named, and installed where that is ours to do. */
import { spawnSync } from "node:child_process";
import { findOnPath } from "#server/storage/embedded/index.ts";

interface SystemPackage {
  commands: readonly string[];
  /** Debian's and Ubuntu's name. */
  apt: string;
  why: string;
}

const chromium: SystemPackage = {
  commands: ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"],
  apt: "chromium",
  why: "the browser tests",
};
const bubblewrap: SystemPackage = { commands: ["bwrap"], apt: "bubblewrap", why: "the isolation of apps" };

export interface SystemState {
  /** The browser's path, or null. */
  browser: string | null;
  /** Lines to print: what is missing and what installs it. */
  missing: string[];
}

/** Installs Chromium and bubblewrap by apt-get when root and missing; says the line otherwise. */
export async function prepareSystem(environment: NodeJS.ProcessEnv, print: (line: string) => void): Promise<SystemState> {
  const lacking: SystemPackage[] = [];
  for (const wanted of [bubblewrap, chromium]) if (!(await find(wanted, environment))) lacking.push(wanted);
  if (lacking.length > 0 && process.getuid?.() === 0 && (await findOnPath("apt-get", environment))) {
    const names = lacking.map(({ apt }) => apt);
    print(`Installing ${names.join(" and ")} by apt-get`);
    const quiet = { stdio: ["ignore", "ignore", "inherit"] as const, env: { ...environment, DEBIAN_FRONTEND: "noninteractive" } };
    spawnSync("apt-get", ["update", "-qq"], { ...quiet, stdio: [...quiet.stdio] });
    spawnSync("apt-get", ["install", "-y", "-qq", "--no-install-recommends", ...names], { ...quiet, stdio: [...quiet.stdio] });
  }
  const missing: string[] = [];
  for (const wanted of lacking)
    if (!(await find(wanted, environment)))
      missing.push(`${wanted.apt} is missing, needed for ${wanted.why}: sudo apt-get install -y ${wanted.apt}`);
  return { browser: await find(chromium, environment), missing };
}

async function find({ commands }: SystemPackage, environment: NodeJS.ProcessEnv): Promise<string | null> {
  if (commands.includes("chromium") && environment["FP_CHROMIUM"]) return environment["FP_CHROMIUM"];
  for (const command of commands) {
    const path = await findOnPath(command, environment);
    if (path) return path;
  }
  return null;
}
