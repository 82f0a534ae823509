import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import mongoose from "mongoose";
import { afterEach, expect, test } from "vitest";
import { createDoor, doorCredential, type Door, type DoorOptions } from "#server/door/index.ts";
import { createEgress, type Egress } from "#server/egress/index.ts";
import { createTestDatabase } from "../database.ts";
import { waitFor } from "../wait.ts";

const key = "the key that credentials are made with";
const appA = "0123456789abcdef0123456a";
const appB = "0123456789abcdef0123456b";

const ending: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ending.splice(0).toReversed()) await end();
});

interface World {
  door: Door;
  /** The port of an HTTP server that `internet.example` leads to. */
  internet: number;
  warned: string[];
}

/** The real proxy; `port` on loopback is its Internet. */
function openEgress(port: number): Egress {
  const egress = createEgress({
    rules: () => ({ domains: ["*"], ports: [port] }),
    appsDomain: "apps.example",
    publicUrl: "http://platform.example",
    gateway: () => null,
    resolve: async (name) => (name.endsWith(".example") ? ["127.0.0.1"] : []),
    isAllowedAddress: (address) => address === "127.0.0.1",
    onRefused: () => undefined,
    logger: { error: () => undefined },
  });
  ending.push(() => egress.close());
  return egress;
}

/** A door before the real egress proxy, whose Internet is one server on loopback, and before `mongo`. */
async function openWorld(changes: Partial<DoorOptions> = {}): Promise<World> {
  const warned: string[] = [];
  const internet = createHttpServer((request, response) => {
    request.resume();
    request.on("end", () => response.end(`asked for ${request.url}`));
  });
  const port = await listen(internet);
  const egress = openEgress(port);
  const mongo = { address: () => ({ host: "127.0.0.1", port: 9 }) };
  const logger = { warn: (message: string, fields?: object) => void warned.push(`${message} ${JSON.stringify(fields)}`) };
  const door = await createDoor({ port: 0, host: "127.0.0.1", key, egress, mongo, logger, ...changes });
  ending.push(() => door.close());
  return { door, internet: port, warned };
}

async function listen(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  ending.push(() => {
    if ("closeAllConnections" in server) (server as unknown as { closeAllConnections(): void }).closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

async function dial({ door }: World): Promise<Socket> {
  const socket = connect({ port: door.port, host: "127.0.0.1", allowHalfOpen: true }).on("error", () => undefined);
  ending.push(() => socket.destroy());
  await once(socket, "connect");
  return socket;
}

const lineOf = (service: string, appId: string, credential = doorCredential(key, appId)): string =>
  `FP1 ${service} ${appId} ${credential}\n`;

/** All that comes until the connection is over. */
async function readAll(socket: Socket): Promise<string> {
  let text = "";
  socket.on("data", (chunk: Buffer) => (text += chunk.toString("latin1")));
  if (!socket.destroyed && !socket.readableEnded) await new Promise((resolve) => socket.once("end", resolve).once("close", resolve));
  return text;
}

test("a request that comes with the line is served, and one that comes long after it", async () => {
  const world = await openWorld();
  const get = `GET http://internet.example:${world.internet}/now HTTP/1.1\r\nHost: internet.example\r\nConnection: close\r\n\r\n`;
  const together = await dial(world);
  together.write(lineOf("egress", appA) + get);
  expect(await readAll(together)).toMatch(/^HTTP\/1\.1 200 [^]*asked for \/now$/);
  const apart = await dial(world);
  for (const byte of lineOf("egress", appA)) {
    apart.write(byte);
    await new Promise(setImmediate);
  }
  await waitFor("the line is read", () => world.door.bytes(appA).egress.in === Buffer.byteLength(get));
  apart.write(get);
  expect(await readAll(apart)).toMatch(/^HTTP\/1\.1 200 /);
});

test("a tunnel carries bytes both ways, an end of one side leaves the other open, and they are counted without the line", async () => {
  const heard = Promise.withResolvers<string>();
  const echo = createServer({ allowHalfOpen: true }, (socket) => {
    void readAll(socket).then((text) => {
      heard.resolve(text);
      socket.end(`heard ${text.length}`);
    });
  });
  const port = await listen(echo);
  const world = await openWorld({ egress: openEgress(port) });
  const socket = await dial(world);
  const ask = `CONNECT echo.example:${port} HTTP/1.1\r\nHost: echo.example\r\n\r\n`;
  socket.write(lineOf("egress", appA) + ask);
  const [head] = (await once(socket, "data")) as [Buffer];
  expect(head.toString()).toMatch(/^HTTP\/1\.1 200 /);
  const sent = "x".repeat(300_000);
  socket.end(sent);
  expect(await readAll(socket)).toBe("heard 300000");
  expect(await heard.promise).toBe(sent);
  expect(world.door.bytes(appA).egress).toEqual({ in: ask.length + sent.length, out: head.length + "heard 300000".length });
  expect(world.door.bytes(appB).egress).toEqual({ in: 0, out: 0 });
});

test("the database's own driver works through it, and its bytes are counted", async () => {
  await using database = createTestDatabase();
  const server = new URL(database.url.replace("mongodb:", "http:"));
  const world = await openWorld({ mongo: { address: () => ({ host: server.hostname, port: Number(server.port) }) } });
  // What the runner's pid 1 does for the app.
  const relay = createServer({ allowHalfOpen: true }, (client) => {
    const upstream = connect({ port: world.door.port, host: "127.0.0.1", allowHalfOpen: true });
    upstream.write(lineOf("mongo", appA));
    client.pipe(upstream).pipe(client);
    client.on("error", () => upstream.destroy()).on("close", () => upstream.destroy());
    upstream.on("error", () => client.destroy()).on("close", () => client.destroy());
  });
  const port = await listen(relay);
  const url = new URL(database.url.replace("mongodb:", "http:"));
  url.port = String(port);
  url.searchParams.set("directConnection", "true");
  const client = new mongoose.mongo.MongoClient(url.href.replace("http:", "mongodb:"));
  try {
    const notes = client.db(database.name).collection<{ _id: number; text: string }>("notes");
    await notes.insertMany(Array.from({ length: 50 }, (_, _id) => ({ _id, text: "t".repeat(10_000) })));
    expect(await notes.find().toArray()).toHaveLength(50);
  } finally {
    await client.close();
  }
  const { mongo } = world.door.bytes(appA);
  expect(mongo.in).toBeGreaterThan(500_000);
  expect(mongo.out).toBeGreaterThan(500_000);
});

test.each([
  ["another app's id", lineOf("egress", appB, doorCredential(key, appA))],
  ["a credential of another key", lineOf("mongo", appA, doorCredential("another key", appA))],
  ["a credential that is cut", lineOf("egress", appA, doorCredential(key, appA).slice(0, -1))],
  ["no such service", lineOf("shell", appA)],
  ["an id that is none", lineOf("egress", "../../etc", doorCredential(key, "../../etc"))],
  ["another version", lineOf("egress", appA).replace("FP1", "FP2")],
  ["a carriage return", lineOf("egress", appA).replace("\n", "\r\n")],
  ["HTTP", "GET / HTTP/1.1\r\nHost: door\r\n\r\n"],
  ["a line without end", "F".repeat(4_000)],
  ["an empty line", "\n"],
])("with %s nothing is answered", async (_what, line) => {
  const world = await openWorld();
  const socket = await dial(world);
  socket.write(`${line}GET http://internet.example:${world.internet}/ HTTP/1.1\r\nHost: internet.example\r\n\r\n`);
  expect(await readAll(socket)).toBe("");
  await waitFor("it is over", () => socket.destroyed || socket.readableEnded);
  for (const app of [appA, appB]) expect(world.door.bytes(app)).toEqual({ egress: { in: 0, out: 0 }, mongo: { in: 0, out: 0 } });
  expect(world.warned.join()).toContain("turned away at the door");
});

test("a line that comes drop by drop has no longer than one that does not come", async () => {
  const world = await openWorld({ lineMs: 300 });
  const [silent, slow] = [await dial(world), await dial(world)];
  const dripping = new AbortController();
  void (async () => {
    for (const byte of lineOf("egress", appA)) {
      slow.write(byte);
      await delay(50, undefined, { signal: dripping.signal });
    }
  })().catch(() => undefined);
  const startedAt = performance.now();
  expect(await Promise.all([readAll(silent), readAll(slow)])).toEqual(["", ""]);
  expect(performance.now() - startedAt).toBeLessThan(3_000);
  dripping.abort();
});

test("one address that says nothing on many connections is turned away, and one that ends them may come again", async () => {
  const world = await openWorld();
  const silent = await Promise.all(Array.from({ length: 210 }, () => dial(world)));
  await waitFor(
    "the surplus is closed",
    () => silent.filter((socket) => socket.destroyed || socket.readableEnded || isEnded(socket)).length >= 10,
  );
  for (const socket of silent) socket.destroy();
  await waitFor("there is room again", async () => {
    const socket = await dial(world);
    socket.write(
      `${lineOf("egress", appA)}GET http://internet.example:${world.internet}/ HTTP/1.1\r\nHost: i\r\nConnection: close\r\n\r\n`,
    );
    return (await readAll(socket)).startsWith("HTTP/1.1 200");
  });
});

const ended = new WeakSet<Socket>();
function isEnded(socket: Socket): boolean {
  if (!ended.has(socket)) socket.once("end", () => ended.add(socket)).resume();
  return ended.has(socket);
}

test("an app's limits count over all of its connections, and another app has its own", async () => {
  const seen: Socket[] = [];
  const mongo = createServer((socket) => void seen.push(socket));
  const port = await listen(mongo);
  const world = await openWorld({ mongo: { address: () => ({ host: "127.0.0.1", port }) } });
  const sockets = await Promise.all(
    Array.from({ length: 51 }, async () => {
      const socket = await dial(world);
      socket.write(lineOf("mongo", appA));
      return socket;
    }),
  );
  await waitFor("one is turned away", () => sockets.filter(isEnded).length === 1 || sockets.some((socket) => socket.destroyed));
  await waitFor("fifty are forwarded", () => seen.length === 50);
  const other = await dial(world);
  other.write(lineOf("mongo", appB));
  await waitFor("the other app's is forwarded", () => seen.length === 51);
});

test("a server that is away ends the connection, and one that comes back serves the next", async () => {
  let port = 9;
  const world = await openWorld({ mongo: { address: () => ({ host: "127.0.0.1", port }) } });
  const first = await dial(world);
  first.write(`${lineOf("mongo", appA)}hello`);
  expect(await readAll(first)).toBe("");
  port = await listen(createServer((socket) => void socket.end("welcome")));
  const second = await dial(world);
  second.write(`${lineOf("mongo", appA)}hello`);
  expect(await readAll(second)).toBe("welcome");
});

test("what is closed lets nobody in, and ends who is inside", async () => {
  const world = await openWorld();
  const inside = await dial(world);
  inside.write(`${lineOf("egress", appA)}GET `);
  await waitFor("it is inside", () => world.door.bytes(appA).egress.in === 4);
  world.door.close();
  expect(await readAll(inside)).toBe("");
  const outside = connect({ port: world.door.port, host: "127.0.0.1" });
  const [error] = (await once(outside, "error")) as [NodeJS.ErrnoException];
  expect(error.code).toBe("ECONNREFUSED");
});
