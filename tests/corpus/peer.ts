/** Plain uvicorn beside the platform: one process that forks a server for each app (peer.py says why). */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { join } from "node:path";

export interface Peer {
  /** Serves `folder` on `port` in place of the last one. @throws Error when it does not come up. */
  serve(order: { folder: string; port: number; target: string; factory: boolean; env: Record<string, string> }): Promise<void>;
  stop(): Promise<void>;
}

export function startPeer(python: string): Peer {
  const child = spawn(python, [join(import.meta.dirname, "peer.py")], { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ask = async (order: unknown): Promise<string> => {
    child.stdin.write(`${JSON.stringify(order)}\n`);
    return String((await lines.next()).value);
  };
  return {
    async serve(order) {
      if ((await ask(order)) !== "ready") throw new Error(`uvicorn did not start ${order.target} in ${order.folder}`);
    },
    async stop() {
      await ask("end");
      const ended = new Promise((resolve) => child.once("exit", resolve));
      child.stdin.end();
      await ended;
    },
  };
}
