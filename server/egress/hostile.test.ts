/** Slow, greedy and rude sides: what they cost is bounded, and nobody else feels them. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import { waitFor } from "../../tests/wait.ts";
import { createWorld, openTunnel, readAll, readUntil } from "./harness.test-part.ts";

const status = (answer: string): number => Number(answer.slice(9, 12));

test("an app that opens too many connections is told so, and other apps are not", async () => {
  await using world = await createWorld({ limits: { connectionsPerApp: 5 } });
  const port = await world.listen("tcp.example", (socket) => void socket.pipe(socket));
  const other = await world.open("other");
  const second = await world.open("app");
  const held = await Promise.all(Array.from({ length: 5 }, () => openTunnel(world, `tcp.example:${port}`)));
  // The instances of one app share its bound.
  const refused = await world.exchange(`CONNECT tcp.example:${port} HTTP/1.1\r\n\r\n`, second.path);
  expect(status(refused)).toBe(503);
  expect(refused).toMatch(/x-fp-egress: too_many_connections/);
  expect(world.refused.map(({ reason, setting }) => [reason, setting])).toEqual([["too_many_connections", null]]);
  (await openTunnel(world, `tcp.example:${port}`, other.path)).destroy();
  held[0]!.destroy();
  await waitFor("there is room again", () => openTunnel(world, `tcp.example:${port}`));
});

test("idle connections beyond twice the bound are closed without a word, and of all apps beyond theirs", async () => {
  await using world = await createWorld({ limits: { connectionsPerApp: 2, connections: 6 } });
  const other = await world.open("other");
  const first = await Promise.all(Array.from({ length: 5 }, () => world.connect()));
  await waitFor(
    "the fifth is closed",
    () => first.filter((socket) => (socket.resume(), socket.destroyed || socket.readableEnded)).length === 1,
  );
  const second = await Promise.all(Array.from({ length: 3 }, () => world.connect(other.path)));
  await waitFor(
    "the third of the other is closed",
    () => second.filter((socket) => (socket.resume(), socket.destroyed || socket.readableEnded)).length === 1,
  );
});

test("a side that says nothing any more is let go, whichever it is", async () => {
  await using world = await createWorld({ limits: { idleMs: 200 } });
  const silent = await world.listen("silent.example", (socket) => void socket.resume());
  const tunnel = await openTunnel(world, `silent.example:${silent}`);
  await readAll(tunnel);
  const answer = await world.exchange(`GET http://silent.example:${silent}/ HTTP/1.1\r\nHost: x\r\n\r\n`);
  expect(status(answer)).toBe(504);
  expect(answer).toContain("silent since");
  const half = await world.exchange(`POST http://silent.example:${silent}/ HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf`);
  expect(status(half)).toBe(504);
});

test("a tunnel on which something passes now and then stays", async () => {
  await using world = await createWorld({ limits: { idleMs: 3_000 } });
  const port = await world.listen("ping.example", (socket) => void socket.pipe(socket));
  const tunnel = await openTunnel(world, `ping.example:${port}`);
  for (let round = 0; round < 5; round += 1) {
    tunnel.write("ping");
    expect(await readUntil(tunnel, "ping")).toBe("ping");
    // Together longer than the idle time.
    await delay(800);
  }
});

test("headers that never end are cut off", async () => {
  await using world = await createWorld({ limits: { headMs: 300 } });
  const socket = await world.connect();
  socket.write("GET http://api.example/ HTTP/1.1\r\nX: ");
  const answer = readAll(socket);
  const drip = setInterval(() => socket.writable && socket.write("x"), 50);
  await answer.finally(() => clearInterval(drip));
  expect(socket.readableEnded || socket.destroyed).toBe(true);
}, 60_000);

test("a resolver or a host that never answers is given up, and the caller told which", async () => {
  await using world = await createWorld({ limits: { resolveMs: 100 }, resolve: () => new Promise(() => undefined) });
  expect(await world.exchange("CONNECT slow.example:443 HTTP/1.1\r\n\r\n")).toMatch(/^HTTP\/1\.1 502 [^]*no address was found/);
  await using far = await createWorld({ limits: { connectMs: 300 }, resolve: async () => ["127.0.0.1", "127.0.0.1"] });
  const full = await listenWithoutAccepting();
  far.rules.ports = [full.port];
  expect(await far.exchange(`CONNECT full.example:${full.port} HTTP/1.1\r\n\r\n`)).toMatch(
    /^HTTP\/1\.1 504 [^]*x-fp-egress: connect_timeout/,
  );
  full.close();
});

test("who leaves while its name is looked up leaves nothing behind", async () => {
  let asked = 0;
  let reached = 0;
  let give: (addresses: string[]) => void = () => undefined;
  await using world = await createWorld({
    resolve: () => ((asked += 1), new Promise<string[]>((resolve) => (give = resolve))),
  });
  const port = await world.listen("tcp.example", () => void (reached += 1));
  const socket = await world.connect();
  socket.write(`GET http://tcp.example:${port}/ HTTP/1.1\r\nHost: x\r\n\r\n`);
  await waitFor("the name is asked for", () => asked === 1);
  socket.destroy();
  // Exchanges that came later are over: what happened before them was seen, and what follows from it.
  for (let round = 0; round < 3; round += 1) await world.exchange("GET / HTTP/1.1\r\n\r\n");
  give(["127.0.0.1"]);
  for (let round = 0; round < 3; round += 1) await world.exchange("GET / HTTP/1.1\r\n\r\n");
  expect(reached).toBe(0);
});

test("a header bomb from the other side is no answer", async () => {
  await using world = await createWorld();
  const port = await world.listen("bomb.example", (socket) => {
    socket.write("HTTP/1.1 200 OK\r\n");
    const more = (): void => {
      while (socket.writable && socket.write(`X: ${"x".repeat(1_000)}\r\n`));
    };
    socket.on("drain", more);
    more();
  });
  expect(status(await world.exchange(`GET http://bomb.example:${port}/ HTTP/1.1\r\nHost: x\r\n\r\n`))).toBe(502);
});

test.each([
  ["both framings", "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"],
  ["two lengths", "Content-Length: 3\r\nContent-Length: 30\r\n\r\nabc"],
  ["an answer in the answer", "Content-Length: 3\r\n\r\nabcHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged"],
])("an answer with %s reaches the app in one reading or not at all", async (_, rest) => {
  await using world = await createWorld();
  const port = await world.listen("rude.example", (socket) => void socket.end(`HTTP/1.1 200 OK\r\n${rest}`));
  const answer = await world.exchange(`GET http://rude.example:${port}/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
  if (status(answer) === 200) {
    expect(answer.match(/^(content-length|transfer-encoding):/gim)).toHaveLength(1);
    expect(answer).toMatch(/abc$/);
  } else expect(status(answer)).toBe(502);
  expect(answer).not.toContain("forged");
});

test("an answer that breaks off is not passed off as a whole one", async () => {
  await using world = await createWorld();
  const port = await world.listen("half.example", (socket) => {
    socket.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
    setTimeout(() => socket.resetAndDestroy(), 50);
  });
  const answer = await world.exchange(`GET http://half.example:${port}/ HTTP/1.1\r\nHost: x\r\n\r\n`);
  expect(answer).toMatch(/^HTTP\/1\.1 200 [^]*content-length: 100[^]*half$/i);
});

test("one app's thousand slow requests do not keep another waiting", async () => {
  await using world = await createWorld({ limits: { connectionsPerApp: 200 } });
  const port = await world.serve("api.example", (request, response) => void (request.url === "/fast" && response.end("fast")));
  const other = await world.open("other");
  const held = await Promise.all(
    Array.from({ length: 200 }, async () => {
      const socket = await world.connect();
      socket.write(`GET http://api.example:${port}/slow HTTP/1.1\r\nHost: x\r\n\r\n`);
      return socket;
    }),
  );
  const answer = await world.exchange(`GET http://api.example:${port}/fast HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`, other.path);
  expect(answer).toContain("fast");
  expect(held.every((socket) => !socket.destroyed)).toBe(true);
});

test("after everything is closed no connection is counted any more", async () => {
  await using world = await createWorld({ limits: { connectionsPerApp: 3 } });
  const port = await world.listen("tcp.example", (socket) => void socket.pipe(socket));
  for (let round = 0; round < 5; round += 1) {
    const open = () => waitFor("there is room", () => openTunnel(world, `tcp.example:${port}`));
    const tunnels = [await open(), await open(), await open()];
    for (const socket of tunnels) socket.end().resume();
  }
});

test("a loop of requests is served at the app's pace, and another app's at its own", async () => {
  await using world = await createWorld({ limits: { turnsPerSecond: 50, turnsAtOnce: 20 } });
  let stopped = false;
  let served = 0;
  const started = performance.now();
  const loops = Array.from({ length: 10 }, async () => {
    for (; !stopped; served += 1) await world.exchange("CONNECT 10.0.0.1:80 HTTP/1.1\r\n\r\n");
  });
  await waitFor("the burst is over", () => served >= 40);
  const other = await world.open("other");
  for (let round = 0; round < 10; round += 1) await world.exchange("CONNECT 10.0.0.1:80 HTTP/1.1\r\n\r\n", other.path);
  stopped = true;
  await Promise.all(loops);
  expect(served).toBeLessThanOrEqual(20 + 10 + ((performance.now() - started) / 1_000) * 50);
});

test("requests on one connection go one by one and at the app's pace; a packet full of them is cut off", async () => {
  await using world = await createWorld({ limits: { turnsPerSecond: 50, turnsAtOnce: 5 } });
  let reached = 0;
  const port = await world.serve("api.example", (_, response) => {
    reached += 1;
    response.end("fine");
  });
  const request = `GET http://api.example:${port}/ HTTP/1.1\r\nHost: x\r\n\r\n`;
  const socket = await world.connect();
  const started = performance.now();
  for (let round = 0; round < 30; round += 1) {
    socket.write(request);
    await readUntil(socket, "fine");
  }
  // 24 of the 30 had to wait, each for a fiftieth of a second.
  expect(performance.now() - started).toBeGreaterThan(20 * 20);
  await world.exchange(request.repeat(2_000));
  expect(reached).toBeLessThanOrEqual(31);
});

test("who connects in a loop finds the door shut, and open again when it stops", async () => {
  await using world = await createWorld({ limits: { connectionsPerApp: 2 } });
  const port = await world.listen("tcp.example", (socket) => void socket.pipe(socket));
  const other = await world.open("other");
  const kept = await openTunnel(world, `tcp.example:${port}`);
  let refused = false;
  await waitFor("the door is shut", async () => {
    await Promise.all(Array.from({ length: 40 }, () => world.connect().catch(() => (refused = true))));
    return refused;
  });
  kept.write("still joined");
  expect(await readUntil(kept, "joined")).toBe("still joined");
  (await openTunnel(world, `tcp.example:${port}`, other.path)).destroy();
  world.dropAll();
  await waitFor("the door is open", async () => {
    const socket = await openTunnel(world, `tcp.example:${port}`);
    socket.destroy();
    return true;
  });
});

test("closed while its door is shut, a way stays closed", async () => {
  await using world = await createWorld({ limits: { connectionsPerApp: 1 } });
  const other = await world.open("other");
  const refused = new Set<string>();
  await waitFor("both doors are shut", async () => {
    for (const path of [world.path, other.path])
      await Promise.all(Array.from({ length: 40 }, () => world.connect(path).catch(() => refused.add(path))));
    return refused.size === 2;
  });
  world.way.close();
  world.dropAll();
  // Theirs was shut after ours: when it is open again, ours would be too.
  await waitFor("the other's door is open", () => world.connect(other.path));
  expect(existsSync(world.path)).toBe(false);
});

/** A port whose queue of connections is full, so that the kernel lets the next ones wait: what a host that is away looks like. */
async function listenWithoutAccepting(): Promise<{ port: number; close: () => void }> {
  const program = `
import socket, sys
server = socket.socket()
server.bind(("127.0.0.1", 0))
server.listen(0)
waiting = [socket.socket() for _ in range(4)]
for one in waiting:
    one.setblocking(False)
    one.connect_ex(server.getsockname())
print(server.getsockname()[1], flush=True)
sys.stdin.read()`;
  const child = spawn(process.env["FP_PYTHON"] ?? "python3", ["-c", program], { stdio: ["pipe", "pipe", "inherit"] });
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  return { port: Number(line.toString()), close: () => child.stdin.end() };
}
