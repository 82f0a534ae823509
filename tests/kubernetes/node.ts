/** The inside of the one-node cluster, for tests that stop parts of it; other clusters' parts are not ours to stop. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { findOneNode } from "../../scripts/cluster/one-node.ts";
import { kubectl } from "./apps-namespace.ts";

const execute = promisify(execFile);
const state = (): string => join(process.env["KUBECONFIG"] ?? "", "..");

/** The folder with the node's scripts, when it is that node which `KUBECONFIG` leads to; else null. */
export async function findNode(): Promise<string | null> {
  const folder = await findOneNode(join(import.meta.dirname, "../.."));
  if (folder === null || !process.env["KUBECONFIG"]) return null;
  return execute(join(folder, "in-node"), ["test", "-e", join(state(), "run/kubelet.pid")]).then(
    () => folder,
    () => null,
  );
}

/** Stops a process of the node as a debugger does: it is there and answers nothing. Returns what lets it go on; resolves when the node is well. */
export async function stopPart(folder: string, part: "kube-apiserver" | "kubelet"): Promise<() => Promise<void>> {
  const signal = (name: "STOP" | "CONT") =>
    execute(join(folder, "in-node"), ["sh", "-c", `kill -${name} $(cat ${join(state(), `run/${part}.pid`)})`]);
  await signal("STOP");
  return async () => {
    await signal("CONT");
    for (let tries = 0; ; tries += 1) {
      const ready = await kubectl([
        "--request-timeout=5s",
        "get",
        "nodes",
        "-o",
        "jsonpath={.items[0].status.conditions[-1].status}",
      ]).catch(() => "");
      if (ready.trim() === "True") return;
      if (tries > 120) throw new Error(`the node is not ready again after ${part} was stopped`);
      await delay(500);
    }
  };
}
