/** A local port that leads to a Service of the cluster: by its own address where this machine routes there, else by the API server. */
import { spawn } from "node:child_process";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { createInterface } from "node:readline";
import { kubectl } from "./apps-namespace.ts";

export interface Way {
  /** On 127.0.0.1. */
  readonly port: number;
  close(): void;
}

const routeMs = 2_000;

/** @throws Error when neither leads there. */
export async function openWay(namespace: string, service: string): Promise<Way> {
  const address = (
    await kubectl(["-n", namespace, "get", "service", service, "--output=jsonpath={.spec.clusterIP} {.spec.ports[0].port}"])
  ).split(" ");
  const [host, port] = [address[0]!, Number(address[1])];
  return (await isReachable(host, port)) ? relay(host, port) : forward(namespace, service, port);
}

function isReachable(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: routeMs });
    const settle = (answer: boolean) => () => {
      socket.destroy();
      resolve(answer);
    };
    socket.once("connect", settle(true)).once("error", settle(false)).once("timeout", settle(false));
  });
}

function relay(host: string, port: number): Promise<Way> {
  const open = new Set<Socket>();
  const server = createServer((visitor) => {
    const there = connect({ host, port });
    for (const [one, other] of [
      [visitor, there],
      [there, visitor],
    ] as const) {
      open.add(one);
      one.on("error", () => other.destroy()).on("close", () => open.delete(one));
      one.pipe(other);
    }
  });
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () =>
      resolve({
        port: (server.address() as AddressInfo).port,
        close() {
          server.close();
          for (const socket of open) socket.destroy();
        },
      }),
    );
  });
}

function forward(namespace: string, service: string, port: number): Promise<Way> {
  const child = spawn("kubectl", ["-n", namespace, "port-forward", `service/${service}`, `:${port}`], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  return new Promise((resolve, reject) => {
    child.once("exit", (code) => reject(new Error(`kubectl port-forward ended with ${code}`)));
    createInterface({ input: child.stdout }).on("line", (line) => {
      const local = /127\.0\.0\.1:(\d+)/.exec(line)?.[1];
      if (local) resolve({ port: Number(local), close: () => void child.kill() });
    });
  });
}
