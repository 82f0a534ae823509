/** Other apps of the platform, through the proxy: by the gateway, as any visitor, and nothing else of the platform. */
import type { Socket } from "node:net";
import { expect, test } from "vitest";
import { createWorld, openTunnel, readAll, readUntil } from "./harness.test-part.ts";

const get = (url: string, more = ""): string => `GET ${url} HTTP/1.1\r\nHost: spoofed.example\r\n${more}Connection: close\r\n\r\n`;
const status = (answer: string): number => Number(answer.slice(9, 12));

test("an app of this platform is reached through the gateway, whose guard it cannot talk around", async () => {
  const seen: string[][] = [];
  await using apps = await createWorld({ gateway: () => gateway });
  const port = await apps.serve("unused.example", (request, response) => {
    seen.push([request.url!, ...request.rawHeaders]);
    response.end("from the gateway");
  });
  const gateway = { host: "127.0.0.1", port };
  apps.rules.domains = [];
  const forged = "X-Forwarded-For: 1.2.3.4\r\nForwarded: for=1.2.3.4\r\nX-Real-IP: 1.2.3.4\r\nX-FP-Instance: x\r\nX-Kept: yes\r\n";
  expect(await apps.exchange(get("http://shop.localhost:3000/a", forged))).toContain("from the gateway");
  const inside = await openTunnel(apps, "shop.localhost:3000");
  inside.write(`GET /b HTTP/1.1\r\nHost: localhost:3000\r\n${forged}\r\n`);
  expect(await readUntil(inside, "from the gateway")).toMatch(/^HTTP\/1\.1 200 /);
  inside.write(`GET http://localhost:3000/api/me HTTP/1.1\r\nHost: localhost:3000\r\n\r\n`);
  await readUntil(inside, "a path only");
  expect(
    seen.map(([path, ...raw]) => [
      path,
      raw[raw.indexOf("Host") + 1],
      raw.filter((text) => /1\.2\.3\.4|x-fp/i.test(text)),
      raw.includes("X-Kept"),
    ]),
  ).toEqual([
    ["/a", "shop.localhost:3000", [], true],
    ["/b", "shop.localhost:3000", [], true],
  ]);
  for (const host of ["localhost:3000", "www.localhost:3000", "127.0.0.1:3000"]) {
    expect(status(await apps.exchange(`CONNECT ${host} HTTP/1.1\r\n\r\n`)), host).not.toBe(200);
  }
});

test("an upgrade to another app passes, and its refusal as well", async () => {
  await using apps = await createWorld({ gateway: () => gateway });
  const port = await apps.listen("unused.example", (socket: Socket) => {
    void readUntil(socket, "\r\n\r\n").then((head) => {
      if (head.startsWith("GET /refused"))
        return socket.end("HTTP/1.1 403 Forbidden\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nno\r\n0\r\n\r\n");
      socket.write(
        `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n${/^host: (.*)\r$/im.exec(head)![1]!}`,
      );
      return socket.pipe(socket);
    });
  });
  const gateway = { host: "127.0.0.1", port };
  const upgrade = (path: string) => `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`;
  const socket = await openTunnel(apps, "talk.localhost:3000");
  socket.write(upgrade("/room"));
  expect(await readUntil(socket, "talk.localhost:3000")).toMatch(/^HTTP\/1\.1 101 /);
  socket.write("frames");
  expect(await readUntil(socket, "frames")).toBe("frames");
  const refused = await openTunnel(apps, "talk.localhost:3000");
  refused.write(upgrade("/refused"));
  expect(await readAll(refused)).toMatch(/^HTTP\/1\.1 403 Forbidden\r\nConnection: close\r\n\r\nno$/);
});

test("where TLS ends before the platform, a tunnel to an app leads there, though it is this machine", async () => {
  await using apps = await createWorld({ publicUrl: "https://localhost", gateway: () => null, isAllowedAddress: () => false });
  const port = await apps.listen("shop.localhost", (socket) => void socket.end("the front"));
  await using front = await createWorld({ publicUrl: `https://localhost:${port}`, gateway: () => null, isAllowedAddress: () => false });
  front.names.set("shop.localhost", ["127.0.0.1"]);
  expect(await front.exchange(`CONNECT shop.localhost:${port} HTTP/1.1\r\n\r\n`)).toContain("the front");
  expect(status(await apps.exchange(get("http://shop.localhost/")))).toBe(503);
});
