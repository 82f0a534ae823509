import { once } from "node:events";
import type { Server, ServerResponse } from "node:http";
import { connect, type AddressInfo, type Socket } from "node:net";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { listenOnInherited, takeInheritedSocket } from "./activation.ts";
import { drain } from "./drain.ts";
import { createHttpServer } from "./http-server.ts";

let server: Server;
let port: number;
let waiting: ServerResponse[];
const sockets: Socket[] = [];
beforeEach(async () => {
  waiting = [];
  server = createHttpServer();
  server.on("request", (request, response) => (request.url === "/slow" ? void waiting.push(response) : response.end("quick")));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  ({ port } = server.address() as AddressInfo);
});
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
  server.closeAllConnections();
  server.close();
});

/** A connection that keeps what it is told. */
async function open(): Promise<{ socket: Socket; ask(path: string): void; received: () => string; closed: () => boolean }> {
  const socket = connect(port, "127.0.0.1");
  sockets.push(socket);
  let all = "";
  let closed = false;
  socket.on("data", (chunk: Buffer) => (all += chunk.toString("latin1")));
  socket.on("close", () => (closed = true)).on("error", () => {});
  await once(socket, "connect");
  return {
    socket,
    ask: (path) => void socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`),
    received: () => all,
    closed: () => closed,
  };
}

const until = (condition: () => boolean) => vi.waitFor(() => expect(condition()).toBe(true), { timeout: 10_000, interval: 5 });

test("what is asked is answered, what comes over an open connection too, quiet connections end, new ones are refused", async () => {
  const [slow, kept, quiet] = [await open(), await open(), await open()];
  slow.ask("/slow");
  kept.ask("/");
  quiet.ask("/");
  await until(() => waiting.length === 1 && kept.received().endsWith("quick") && quiet.received().endsWith("quick"));
  let over = false;
  const ending = drain(server).then(() => (over = true));
  expect(server.listening).toBe(false);
  await expect(open()).rejects.toThrow("ECONNREFUSED");
  kept.ask("/");
  await until(kept.closed);
  expect(kept.received().split("HTTP/1.1 200 OK")).toHaveLength(3);
  expect(kept.received()).toMatch(/connection: close/i);
  await until(quiet.closed);
  expect(over).toBe(false);
  waiting[0]!.end("slow");
  await ending;
  expect(slow.received()).toMatch(/slow$/);
});

test("who does not end in time is not waited for, and is counted aloud meanwhile", async () => {
  const slow = await open();
  slow.ask("/slow");
  await until(() => waiting.length === 1);
  const told: number[] = [];
  await drain(server, { graceMs: 2_500, onWait: (left) => void told.push(left) });
  expect(told).toEqual([1]);
  expect(slow.closed()).toBe(false);
});

test("a socket is taken over only when it was meant for this very process, and no child hears of it", () => {
  const meant = { LISTEN_FDS: "1", LISTEN_PID: "42", LISTEN_FDNAMES: "http", OTHER: "stays" };
  expect(takeInheritedSocket(meant, 42)).toBe(3);
  expect(meant).toEqual({ OTHER: "stays" });
  expect(takeInheritedSocket({ LISTEN_FDS: "1", LISTEN_PID: "41" }, 42)).toBeNull();
  expect(takeInheritedSocket({}, 42)).toBeNull();
  expect(() => takeInheritedSocket({ LISTEN_FDS: "2", LISTEN_PID: "42" }, 42)).toThrow("2 sockets were handed over");
});

test("what was handed over and is no socket is an error that says so, not a crash", async () => {
  const other = createHttpServer();
  await expect(listenOnInherited(other, 999, 3000)).rejects.toThrow(/EINVAL|EBADF/);
});
