/** What stands side by side in the gateway's benchmark: each a proxy in a process of its own before the same upstream. */
import { execFile, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { freePort } from "../tests/platform.ts";
import { waitFor } from "../tests/wait.ts";
import { send } from "../tests/http.ts";
import { appHost, type Peers } from "./peers.ts";
import { cpuSeconds, findDescendants } from "./processes.ts";

const run = promisify(execFile);

export interface Side {
  name: string;
  port: number;
  /** Used so far, by all its processes. */
  cpuSeconds(): number;
}

export interface Sides {
  sides: Side[];
  /** The upstream's own socket, for what an answer takes without a proxy. */
  socketPath: string;
  /** Why a peer is not among them. */
  missing: string[];
  close(): Promise<void>;
}

/** Starts everything. */
export async function openSides({ binary: peers, folder, load }: Peers): Promise<Sides> {
  const children: ChildProcess[] = [];
  const close = async (): Promise<void> => void (await Promise.all(children.map(end)));
  const start = (command: string, args: string[]): ChildProcess => {
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "inherit"] });
    children.push(child);
    // An interrupted run ends by process.exit, which no finally block sees.
    process.once("exit", () => void child.kill("SIGKILL"));
    return child;
  };
  try {
    const socketPath = join(folder, "app.sock");
    start(peers, ["answer", "-socket", socketPath]);
    await waitFor("the upstream answers", () => load({ socketPath }, { requests: 1, connections: 1 }));
    const gateway = join(import.meta.dirname, "gateway-process.ts");
    const sides = [
      await printed("gateway", start(process.execPath, [gateway, socketPath])),
      await printed("gateway, through node:http", start(process.execPath, [gateway, socketPath, "node"])),
      await printed("Go's ReverseProxy", start(peers, ["proxy", "-socket", socketPath])),
      await printed("Go's ReverseProxy, with a gateway's headers", start(peers, ["proxy", "-socket", socketPath, "-gateway"])),
    ];
    const nginx = await findNginx();
    if (nginx.found) {
      sides.push(await startNginx("nginx", folder, socketPath, [], start));
      sides.push(await startNginx("nginx, with a gateway's headers", folder, socketPath, gatewayHeaders, start));
    }
    return { sides, socketPath, missing: nginx.found ? [] : [`nginx: ${nginx.reason}`], close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** A side whose process prints its port as its first line. */
async function printed(name: string, child: ChildProcess): Promise<Side> {
  const exited = once(child, "exit").then(() => Promise.reject(new Error(`${name} ended instead of serving`)));
  const [line] = (await Promise.race([once(createInterface(child.stdout!), "line"), exited])) as [string];
  exited.catch(() => {});
  return { name, port: Number(line), cpuSeconds: () => cpuSeconds(child.pid!) };
}

/** Installed where this is root on a Debian; never otherwise. */
async function findNginx(): Promise<{ found: true } | { found: false; reason: string }> {
  const isThere = (): Promise<boolean> =>
    run("nginx", ["-v"]).then(
      () => true,
      () => false,
    );
  if (await isThere()) return { found: true };
  if (process.getuid?.() !== 0) return { found: false, reason: "it is not installed, and only root could install it" };
  process.stderr.write("preparing: installing nginx\n");
  const failed = await run("apt-get", ["install", "-y", "-q", "nginx-light"]).then(
    () => null,
    (error: Error) => error.message,
  );
  return (await isThere()) ? { found: true } : { found: false, reason: `it could not be installed: ${failed?.split("\n")[0]}` };
}

const gatewayHeaders = [
  "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;",
  "proxy_set_header X-Forwarded-Proto $scheme;",
  "proxy_set_header X-Forwarded-Host $http_host;",
  "proxy_set_header X-Request-Id $request_id;",
  "proxy_set_header Traceparent 00-$request_id-0123456789abcdef-01;",
  "proxy_set_header X-FP-Instance i1;",
];

/** One worker, as there is one process on our side; connections kept on both sides, no log. */
async function startNginx(
  name: string,
  folder: string,
  socketPath: string,
  headers: readonly string[],
  start: (command: string, args: string[]) => ChildProcess,
): Promise<Side> {
  const port = await freePort();
  const own = join(folder, `nginx-${port}`);
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((kind) => `${kind}_temp_path ${own}-${kind};`);
  const config = `${process.getuid?.() === 0 ? "user root;" : ""}
worker_processes 1; daemon off; error_log stderr crit; pid ${own}.pid;
events { worker_connections 1024; }
http {
  access_log off; keepalive_requests 1000000000; ${temporary.join(" ")}
  upstream app { server unix:${socketPath}; keepalive 256; keepalive_requests 1000000000; }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://app; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $http_host;
      ${headers.join("\n      ")}
    }
  }
}`;
  await writeFile(`${own}.conf`, config);
  const child = start("nginx", ["-p", folder, "-c", `${own}.conf`, "-e", "stderr"]);
  await waitFor(`${name} answers`, () => send(port, appHost, "/").catch(() => null));
  const pids = [child.pid!, ...findDescendants(child.pid!)];
  return { name, port, cpuSeconds: () => pids.reduce((sum, pid) => sum + cpuSeconds(pid), 0) };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill("SIGTERM");
  await exited;
}
