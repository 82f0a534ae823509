/** A way to the API server that a test can cut: a TCP relay, and a kubeconfig that leads through it. Certificates stay the real ones. */
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

export interface ClusterWay {
  kubeconfig: string;
  /** Drops the connections that there are. */
  cut(): void;
  /** Lets no byte through, on connections old and new, without ending them: a cable that is pulled. */
  block(): void;
  unblock(): void;
  close(): Promise<void>;
}

interface Kubeconfig {
  clusters: { cluster: { server: string; "tls-server-name"?: string } }[];
}

export async function openClusterWay(): Promise<ClusterWay> {
  const { stdout } = await promisify(execFile)("kubectl", ["config", "view", "--raw", "--flatten", "--minify", "-o", "json"]);
  const config = JSON.parse(stdout) as Kubeconfig;
  const target = new URL(config.clusters[0]!.cluster.server);
  const sockets = new Set<Socket>();
  let blocked = false;
  const relay = createServer((near) => {
    const far = connect(Number(target.port || 443), target.hostname);
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(socket);
      socket.on("data", (chunk) => !blocked && other.write(chunk));
      socket.on("error", () => undefined);
      socket.once("close", () => {
        sockets.delete(socket);
        if (!blocked) other.destroy();
      });
    }
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => relay.once("listening", resolve));
  const folder = await mkdtemp(join(tmpdir(), "fp-cluster-way-"));
  const kubeconfig = join(folder, "config");
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  config.clusters[0]!.cluster = {
    ...config.clusters[0]!.cluster,
    server: `https://127.0.0.1:${(relay.address() as AddressInfo).port}`,
    // In every API server's certificate.
    "tls-server-name": "kubernetes.default",
  };
  await writeFile(kubeconfig, JSON.stringify(config));
  return {
    kubeconfig,
    cut,
    block: () => void (blocked = true),
    unblock() {
      blocked = false;
      // What was swallowed is missing in the middle: those connections are of no use any more.
      cut();
    },
    async close() {
      cut();
      await new Promise((resolve) => relay.close(resolve));
      await rm(folder, { recursive: true, force: true });
    },
  };
}
