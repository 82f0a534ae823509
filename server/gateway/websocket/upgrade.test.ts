import { createHash } from "node:crypto";
import { connect } from "node:net";
import type { Socket } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createHarness, until } from "../harness.test-part.ts";
import type { Harness } from "../harness.test-part.ts";

let harness: Harness;
beforeEach(async () => {
  harness = await createHarness();
});
afterEach(() => harness.close());

/** A socket server on the app's side that accepts WebSocket handshakes and echoes bytes. */
async function awakeEcho(): Promise<{ sockets: Socket[] }> {
  const sockets: Socket[] = [];
  const { server } = await harness.awake((_req, res) => res.end("plain"));
  server.on("upgrade", (req, socket, head) => {
    if (req.url === "/denied") {
      socket.end("HTTP/1.1 403 Forbidden\r\ncontent-length: 2\r\nx-app: 1\r\n\r\nno");
      return;
    }
    const accept = createHash("sha1").update(`${req.headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
    sockets.push(socket as Socket);
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\nhello`,
    );
    if (head.length > 0) socket.write(head);
    socket.on("data", (chunk) => socket.write(chunk));
    socket.on("end", () => socket.end());
    socket.on("error", () => {});
  });
  return { sockets };
}

function handshake(path = "/ws", upgrade = "websocket"): string {
  return `GET ${path} HTTP/1.1\r\nHost: ${harness.host}\r\nConnection: Upgrade\r\nUpgrade: ${upgrade}\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`;
}

function openSocket(text: string): { socket: Socket; received: () => string; closed: () => boolean } {
  const socket = connect(harness.port, "127.0.0.1");
  let all = "";
  let closed = false;
  socket.on("data", (chunk: Buffer) => (all += chunk.toString("latin1")));
  socket.on("close", () => (closed = true));
  socket.on("error", () => {});
  socket.write(text);
  return { socket, received: () => all, closed: () => closed };
}

test("a WebSocket: handshake, frames both ways, first bytes of either side, and a record at its end", async () => {
  const { sockets } = await awakeEcho();
  const { socket, received, closed } = openSocket(`${handshake()}early`);
  await until(() => received().endsWith("helloearly"));
  expect(received()).toMatch(/^HTTP\/1\.1 101 Switching Protocols\r\n/);
  expect(received()).toContain("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  socket.write("more");
  await until(() => received().endsWith("more"));
  expect(harness.runtime.entered).toBe(1);
  sockets[0]!.end();
  await until(() => closed() && harness.records.length === 1);
  expect(harness.records[0]).toMatchObject({ status: 101, bytesIn: 9, bytesOut: 14, answeredBy: "app" });
  expect(harness.runtime.entered).toBe(0);
});

test("a WebSocket whose caller leaves, or whose app declines, ends on both sides", async () => {
  const { sockets } = await awakeEcho();
  const first = openSocket(handshake());
  await until(() => first.received().endsWith("hello"));
  let ended = false;
  sockets[0]!.on("close", () => (ended = true));
  first.socket.destroy();
  await until(() => ended && harness.records.length === 1);
  const denied = openSocket(handshake("/denied"));
  await until(() => denied.closed());
  expect(denied.received()).toMatch(/^HTTP\/1\.1 403 Forbidden\r\n[^]*x-app: 1\r\n[^]*\r\n\r\nno$/);
  await until(() => harness.records.length === 2);
  expect(harness.records[1]).toMatchObject({ status: 403, answeredBy: "app" });
});

test("a WebSocket wakes its app; an offer of another protocol is answered as plain HTTP; one to a stopped app is refused", async () => {
  const { server } = await harness.serve("woken", (_req, res) => res.end("plain"));
  server.on("upgrade", (_req, socket) =>
    socket.end("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\nhi"),
  );
  const address = server.address() as string;
  harness.runtime.onWake = async () => {
    const endpoint = { instanceId: "woken", version: 1, socketPath: address };
    harness.runtime.ready = [endpoint];
    return { endpoint, waitedMs: 5 };
  };
  const woken = openSocket(handshake());
  await until(() => woken.closed());
  expect(woken.received()).toMatch(/^HTTP\/1\.1 101 [^]*hi$/);
  const plain = openSocket(handshake("/", "h2c"));
  await until(() => plain.closed());
  expect(plain.received()).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*plain$/);
  harness.route.state = "stopped";
  const refused = openSocket(handshake());
  await until(() => refused.closed());
  expect(refused.received()).toMatch(/^HTTP\/1\.1 503 /);
});
