/**
 * A one-node Kubernetes that lies in a folder beside this checkout, as on the machines that CI runs on: found, started, given what apps
 * need of a node, ended when it was started here. Its commands are shell scripts: `up`, `down`, `in-node`, `build-image`, `load-image`.
 */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { access, constants, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";

const execute = promisify(execFile);

/**
 * Far less than would hurt the node, twice of what an app may have on one machine (core/limits.ts), and enough for the database, which is
 * a pod like any other here and has a thread for each connection: with 64 it ran out at eight processes of the platform.
 */
const podPidsLimit = 256;
const kubeletPatienceMs = 60_000;

export interface OneNode {
  /** The scripts. */
  folder: string;
  /** `KUBECONFIG`, and `PATH` with kubectl. */
  environment: NodeJS.ProcessEnv;
  /** It did not run before. */
  startedHere: boolean;
  /** Runs a command inside the node and gives its output. @throws Error when it fails. */
  run(program: string, ...rest: string[]): Promise<string>;
  /** Names of the images that pods can start from. */
  images(): Promise<string[]>;
  tagImage(name: string, alias: string): Promise<void>;
  stop(): Promise<void>;
}

/** The folder with the scripts, or null: then there is no cluster here. */
export async function findOneNode(root: string): Promise<string | null> {
  const folder = join(root, "../shared/cluster");
  return access(join(folder, "up"), constants.X_OK).then(
    () => folder,
    () => null,
  );
}

/** Starts the node, or takes the one that runs. The first start of a machine builds Kubernetes, which takes minutes. */
export async function startOneNode(folder: string): Promise<OneNode> {
  const ran = await execute(join(folder, "in-node"), ["true"]).then(
    () => true,
    () => false,
  );
  const exported = parseExports(await runShown(join(folder, "up"), []), process.env);
  const kubeconfig = exported["KUBECONFIG"];
  if (!kubeconfig) throw new Error(`${join(folder, "up")} named no KUBECONFIG`);
  const state = dirname(kubeconfig);
  const run = async (program: string, ...rest: string[]): Promise<string> =>
    (await execute(join(folder, "in-node"), [program, ...rest], { maxBuffer: 16 * 1024 * 1024 })).stdout;
  const images = (...rest: string[]): Promise<string> =>
    run("ctr", "--address", join(state, "containerd.sock"), "--namespace", "k8s.io", "images", ...rest);
  await limitProcesses(state, run);
  return {
    folder,
    environment: { ...process.env, ...exported },
    startedHere: !ran,
    run,
    images: async () => (await images("ls", "--quiet")).trim().split("\n"),
    tagImage: async (name, alias) => void (await images("tag", "--force", name, alias)),
    stop: async () => void (await execute(join(folder, "down"))),
  };
}

/** What `export NAME=value` lines say; `$PATH` in a value is the one of `environment`. Pure. */
export function parseExports(text: string, environment: NodeJS.ProcessEnv): Record<string, string> {
  const exported: Record<string, string> = {};
  for (const [, name, value] of text.matchAll(/^export ([A-Z_]+)=(.*)$/gm))
    exported[name!] = value!.replace("$PATH", environment["PATH"] ?? "");
  return exported;
}

/**
 * Kubernetes leaves it to the node how many processes a pod may have, and by default that is as many as the node. Read by the kubelet when
 * it starts; pods that run already keep what they had.
 */
async function limitProcesses(state: string, run: OneNode["run"]): Promise<void> {
  const path = join(state, "conf/kubelet.yaml");
  const settings = await readFile(path, "utf8");
  const line = `podPidsLimit: ${podPidsLimit}\n`;
  if (settings.includes(line)) return;
  await writeFile(path, `${settings.replace(/^podPidsLimit:.*\n/m, "")}${line}`);
  const pidFile = join(state, "run/kubelet.pid");
  const before = await readFile(pidFile, "utf8");
  await run("kill", before.trim());
  for (const until = Date.now() + kubeletPatienceMs; ; await delay(100)) {
    if (
      (await readFile(pidFile, "utf8")) !== before &&
      (await run("curl", "-sf", "http://127.0.0.1:10248/healthz").catch(() => "")) === "ok"
    )
      return;
    if (Date.now() > until) throw new Error("the kubelet did not come back with its limit of processes");
  }
}

/** Runs a command whose messages are shown, and gives what it wrote to standard output. @throws Error when it fails. */
export async function runShown(program: string, rest: readonly string[], environment = process.env): Promise<string> {
  const child = spawn(program, rest, { stdio: ["ignore", "pipe", "inherit"], env: environment });
  const chunks: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  const [code] = (await once(child, "close")) as [number | null];
  if (code !== 0) throw new Error(`${program} ended with ${code}`);
  return Buffer.concat(chunks).toString();
}
