/** The real proxy on a Unix socket, with servers on loopback that stand for the Internet, and the bare sockets to speak to it. */
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer as createHttpServer, type RequestListener } from "node:http";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { EgressRules } from "#core/egress-rules.ts";
import { createEgress, type Egress, type EgressOptions, type EgressRefused, type EgressWay } from "./index.ts";

export interface World extends AsyncDisposable {
  egress: Egress;
  way: EgressWay;
  path: string;
  rules: { -readonly [Key in keyof EgressRules]: EgressRules[Key] };
  refused: EgressRefused[];
  /** Addresses by name; what is not in it does not resolve. */
  names: Map<string, readonly string[]>;
  /** Another instance's socket. */
  open(appId: string): Promise<{ path: string; way: EgressWay }>;
  /** A connection to the proxy, closed with the world. */
  connect(path?: string): Promise<Socket>;
  /** Ends every connection that was made here. */
  dropAll(): void;
  /** Sends `text` and gives all that comes until the end. */
  exchange(text: string | Buffer, path?: string): Promise<string>;
  /** An HTTP server on loopback, which `name` resolves to. */
  serve(name: string, listener: RequestListener): Promise<number>;
  /** A bare server on loopback. */
  listen(name: string, onConnection: (socket: Socket) => void): Promise<number>;
}

export async function createWorld(changes: Partial<EgressOptions> = {}): Promise<World> {
  const folder = await mkdtemp(join(tmpdir(), "fp-egress-"));
  const rules = { domains: ["*"], ports: [80, 443] };
  const refused: EgressRefused[] = [];
  const names = new Map<string, readonly string[]>();
  const servers: Server[] = [];
  const sockets = new Set<Socket>();
  const egress = createEgress({
    rules: () => rules,
    appsDomain: "localhost",
    publicUrl: "http://localhost:3000",
    gateway: () => null,
    resolve: async (name) => names.get(name) ?? [],
    // Loopback by this one number is the Internet here; all others stay what they are.
    isAllowedAddress: (address) => address === "127.0.0.1",
    onRefused: (one) => refused.push(one),
    logger: {
      error(message, fields) {
        throw new Error(message, { cause: fields });
      },
    },
    ...changes,
  });
  let opened = 0;
  const open = async (appId: string): Promise<{ path: string; way: EgressWay }> => {
    const path = join(folder, `${(opened += 1)}.sock`);
    return { path, way: await egress.open(path, { appId, owner: null }) };
  };
  const first = await open("app");
  const keep = (socket: Socket): Socket => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    return socket.on("error", () => undefined);
  };
  const start = async (name: string, server: Server): Promise<number> => {
    servers.push(server);
    server.on("connection", keep).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    names.set(name, ["127.0.0.1"]);
    rules.ports = [...rules.ports, port];
    return port;
  };
  const world: World = {
    egress,
    ...first,
    rules,
    refused,
    names,
    open,
    async connect(path = first.path) {
      const socket = keep(connect(path));
      await once(socket, "connect");
      return socket;
    },
    dropAll() {
      for (const socket of sockets) socket.destroy();
    },
    async exchange(text, path) {
      const socket = await world.connect(path);
      socket.write(text);
      return readAll(socket);
    },
    serve: (name, listener) => start(name, createHttpServer(listener)),
    listen: (name, onConnection) => start(name, createServer({ allowHalfOpen: true }, onConnection)),
    async [Symbol.asyncDispose]() {
      egress.close();
      for (const socket of sockets) socket.destroy();
      await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
      await rm(folder, { recursive: true, force: true });
    },
  };
  return world;
}

/** What comes until the other side ends or breaks. */
export async function readAll(socket: Socket): Promise<string> {
  const chunks: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => chunks.push(chunk));
  if (!socket.readableEnded && !socket.destroyed) await new Promise((resolve) => socket.once("end", resolve).once("close", resolve));
  return Buffer.concat(chunks).toString("latin1");
}

/** The next bytes up to and with `mark`. What came with them stays for the next reader. */
export async function readUntil(socket: Socket, mark: string): Promise<string> {
  let text = "";
  while (!text.includes(mark)) {
    const chunk = socket.read() as Buffer | null;
    if (chunk !== null) text += chunk.toString("latin1");
    else if (socket.readableEnded || socket.destroyed) throw new Error(`The connection ended after ${JSON.stringify(text)}`);
    else await nextEvent(socket);
  }
  const end = text.indexOf(mark) + mark.length;
  if (end < text.length) socket.unshift(Buffer.from(text.slice(end), "latin1"));
  return text.slice(0, end);
}

function nextEvent(socket: Socket): Promise<void> {
  const events = ["readable", "end", "close"];
  return new Promise((resolve) => {
    const settle = (): void => {
      for (const event of events) socket.off(event, settle);
      resolve();
    };
    for (const event of events) socket.on(event, settle);
  });
}

/** A tunnel that stands. */
export async function openTunnel(world: World, authority: string, path?: string): Promise<Socket> {
  const socket = await world.connect(path);
  socket.write(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n\r\n`);
  const head = await readUntil(socket, "\r\n\r\n");
  if (!head.startsWith("HTTP/1.1 200 ")) throw new Error(head + (await readAll(socket)));
  return socket;
}
