/** Plain requests and tunnels as they are meant: what passes, and in which form. */
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { statSync } from "node:fs";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { afterEach, beforeEach, expect, test } from "vitest";
import { waitFor, waitForStill } from "../../tests/wait.ts";
import { createWorld, openTunnel, readAll, readUntil, type World } from "./harness.test-part.ts";

let world: World;
beforeEach(async () => {
  world = await createWorld();
});
afterEach(() => world[Symbol.asyncDispose]());

const get = (url: string, more = ""): string => `GET ${url} HTTP/1.1\r\nHost: spoofed.example\r\n${more}Connection: close\r\n\r\n`;
const status = (answer: string): number => Number(answer.slice(9, 12));

/** What an HTTP server saw of each request. */
async function serveEcho(name = "api.example"): Promise<{ port: number; seen: { line: string; raw: string[]; body: string }[] }> {
  const seen: { line: string; raw: string[]; body: string }[] = [];
  const port = await world.serve(name, (request, response) => {
    let body = "";
    request.setEncoding("latin1");
    request.on("data", (chunk: string) => (body += chunk));
    request.on("end", () => {
      seen.push({ line: `${request.method} ${request.url}`, raw: request.rawHeaders, body });
      response.writeHead(200, [
        "Content-Type",
        "text/plain",
        "Set-Cookie",
        "a=1",
        "Set-Cookie",
        "b=2",
        "X-Odd",
        "\u00e9",
        "Keep-Alive",
        "x",
      ]);
      response.end(`hello ${body.length}`);
    });
  });
  return { port, seen };
}

test("a request of absolute form is sent on with its path as it was spelled and the Host that was checked", async () => {
  const { port, seen } = await serveEcho();
  const answer = await world.exchange(get(`http://API.example.:${port}/a/../b%7E?c=d&e`, "X-Own: 1\r\nX-Own: 2\r\n"));
  expect(status(answer)).toBe(200);
  expect(answer).toContain("hello 0");
  expect(answer.match(/^set-cookie: .=.\r$/gim)).toHaveLength(2);
  expect(seen).toEqual([
    { line: "GET /a/../b%7E?c=d&e", raw: expect.arrayContaining(["Host", `api.example:${port}`, "X-Own", "1", "X-Own", "2"]), body: "" },
  ]);
  expect(seen[0]!.raw.filter((name) => name.toLowerCase() === "host")).toHaveLength(1);
});

test("what is about the connection stays with the connection", async () => {
  const { port, seen } = await serveEcho();
  const answer = await world.exchange(
    get(
      `http://api.example:${port}/`,
      "Connection: X-Secret\r\nX-Secret: s\r\nProxy-Authorization: Basic eDp5\r\nProxy-Connection: keep-alive\r\nTE: trailers\r\nUpgrade: h2c\r\nKeep-Alive: timeout=5\r\n",
    ),
  );
  expect(status(answer)).toBe(200);
  expect(seen[0]!.raw.map((text) => text.toLowerCase()).join(" ")).not.toMatch(/x-secret|proxy-|upgrade|h2c|trailers|keep-alive|spoofed/);
  expect(answer).not.toMatch(/^keep-alive: x/im);
});

test("bodies pass in both framings, and a body is never framed twice", async () => {
  const { port, seen } = await serveEcho();
  const head = (framing: string) => `POST http://api.example:${port}/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${framing}\r\n\r\n`;
  expect(await world.exchange(`${head("Content-Length: 5")}12345`)).toContain("hello 5");
  expect(await world.exchange(`${head("Transfer-Encoding: chunked")}3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n`)).toContain("hello 7");
  expect(await world.exchange(`${head("Expect: 100-continue\r\nContent-Length: 2")}ok`)).toContain("hello 2");
  expect(await world.exchange(head("X: y"))).toContain("hello 0");
  expect(seen.map(({ raw }) => raw.filter((name) => /^(content-length|transfer-encoding)$/i.test(name)))).toEqual([
    ["Content-Length"],
    ["Transfer-Encoding"],
    ["Content-Length"],
    ["Content-Length"],
  ]);
});

test.each([
  ["both lengths", "Content-Length: 5\r\nTransfer-Encoding: chunked"],
  ["two lengths", "Content-Length: 5\r\nContent-Length: 6"],
  ["a length that is none", "Content-Length: +5"],
  ["an encoding that hides", "Transfer-Encoding: chunked, identity"],
  ["a folded header", "X: a\r\n Transfer-Encoding: chunked\r\nContent-Length: x"],
  ["a space before the colon", "Transfer-Encoding : chunked"],
])("%s: nothing is sent on", async (_, framing) => {
  const { port, seen } = await serveEcho();
  const smuggled = "0\r\n\r\nGET http://api.example/second HTTP/1.1\r\n\r\n";
  const answer = await world.exchange(`POST http://api.example:${port}/ HTTP/1.1\r\nHost: x\r\n${framing}\r\n\r\n${smuggled}`);
  expect(status(answer)).toBe(400);
  expect(seen).toEqual([]);
});

test("one connection serves request after request, to different hosts", async () => {
  const [first, second] = [await serveEcho("one.example"), await serveEcho("two.example")];
  const socket = await world.connect();
  for (const [name, { port }] of [
    ["one.example", first],
    ["two.example", second],
    ["one.example", first],
  ] as const) {
    socket.write(`GET http://${name}:${port}/ HTTP/1.1\r\nHost: x\r\n\r\n`);
    expect(await readUntil(socket, "hello 0")).toMatch(/^HTTP\/1\.1 200 /);
    await readUntil(socket, "\r\n\r\n").catch(() => undefined);
    if (socket.destroyed) break;
  }
  expect([first.seen.length, second.seen.length]).toEqual([2, 1]);
});

test("a tunnel carries any bytes both ways, also those that came with the request", async () => {
  const sent = randomBytes(5_000_000);
  const port = await world.listen("tcp.example", (socket) => void socket.pipe(socket));
  const socket = await world.connect();
  socket.write(Buffer.concat([Buffer.from(`CONNECT tcp.example:${port} HTTP/1.1\r\n\r\n`), sent.subarray(0, 100)]));
  expect(await readUntil(socket, "\r\n\r\n")).toBe("HTTP/1.1 200 Connection established\r\n\r\n");
  socket.end(sent.subarray(100));
  const received = Buffer.from(await readAll(socket), "latin1");
  expect(createHash("sha256").update(received).digest("hex")).toBe(createHash("sha256").update(sent).digest("hex"));
  await waitFor("the tunnel is counted", () => world.way.bytes.out > sent.length);
  expect(world.way.bytes.in).toBeGreaterThan(sent.length);
  expect(world.way.bytes.in + world.way.bytes.out).toBeLessThan(2 * sent.length + 1_000);
});

test("an old client's tunnel without Host works too", async () => {
  const port = await world.listen("tcp.example", (socket) => void socket.end("hi"));
  expect(await world.exchange(`CONNECT tcp.example:${port} HTTP/1.0\r\n\r\n`)).toMatch(/ 200 [^]*hi$/);
});

test("only its owner may connect to the socket of an instance", async () => {
  const { path } = await world.open("owned");
  expect(statSync(path).uid).toBe(process.getuid!());
  if (process.getuid!() !== 0) return;
  const owned = `${path}-2`;
  const way = await world.egress.open(owned, { appId: "owned", owner: 12_345 });
  expect([statSync(owned).uid, statSync(owned).gid]).toEqual([12_345, 12_345]);
  way.close();
});

test("an instance's way ends with its connections, and others' stay", async () => {
  const port = await world.listen("tcp.example", (socket) => void socket.pipe(socket));
  const other = await world.open("other");
  const [ours, theirs] = [await openTunnel(world, `tcp.example:${port}`), await openTunnel(world, `tcp.example:${port}`, other.path)];
  world.way.close();
  world.way.close();
  await waitFor("ours is closed", () => ours.destroyed || ours.readableEnded || ours.read() === null);
  await expect(world.connect()).rejects.toThrow();
  theirs.write("still here");
  expect(await readUntil(theirs, "here")).toBe("still here");
});

test("a caller that leaves takes its request along", async () => {
  let closed = false;
  const port = await world.serve("slow.example", (_, response) => void response.once("close", () => (closed = true)));
  const request = httpRequest({ socketPath: world.path, path: `http://slow.example:${port}/`, agent: false });
  request.on("error", () => undefined).end();
  await waitFor("the request arrived", () => world.way.bytes.in > 0);
  request.destroy();
  await waitFor("the other side was told", () => closed);
});

test("a stream passes as it comes, and a slow reader slows the sender", async () => {
  let sent = 0;
  const port = await world.serve("big.example", (_, response) => {
    const chunk = Buffer.alloc(64 * 1024);
    const more = (): unknown => {
      sent += 1;
      if (sent > 500) return response.end();
      return response.write(chunk) ? more() : response.once("drain", more);
    };
    more();
  });
  const request = httpRequest({ socketPath: world.path, path: `http://big.example:${port}/`, agent: false });
  request.end();
  const [response] = (await once(request, "response")) as [IncomingMessage];
  // Nothing is read yet: what was sent stands still once the buffers between are full.
  expect(await waitForStill("the sender", () => sent)).toBeLessThan(250);
  let received = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) received += chunk.length;
  expect(received).toBe(500 * 64 * 1024);
});
