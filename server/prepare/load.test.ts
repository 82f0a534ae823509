import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, get, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import WebSocket from "ws";
import { loadPlatform, type LoadedPlatform } from "./load.ts";

let root: string;
let server: Server;
let platform: LoadedPlatform | undefined;
let origin: string;

const source = (answer: string) =>
  `
import { appendFileSync } from "node:fs";
const note = (line) => appendFileSync(${JSON.stringify("LOG")}, line + "\\n");
export async function start({ development }) {
  note("start ${answer}");
  return {
    handleRequest: (request, response) => response.end(JSON.stringify({ answer: "${answer}", development, path: request.url })),
    handleUpgrade: () => false,
    isAppHost: (host) => (host ?? "").startsWith("app."),
    stop: async () => note("stop ${answer}"),
  };
}`.replace("LOG", join(root, "log"));

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "fp-load-"));
  await mkdir(join(root, "server"));
  await writeFile(join(root, "package.json"), '{"type":"module"}');
  await writeFile(join(root, "server/app.ts"), source("first"));
  server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  origin = `127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(async () => {
  await platform?.stop();
  platform = undefined;
  server.closeAllConnections();
  server.close();
  await rm(root, { recursive: true, force: true });
});

async function load(): Promise<void> {
  const loaded = await loadPlatform({ root, development: true, signal: new AbortController().signal });
  platform = loaded;
  server.on("request", (request, response) => loaded.handleRequest(request, response));
  server.on("upgrade", (request, socket, head) => loaded.handleUpgrade(request, socket, head));
}

test("in development an edit on the server stops the old platform and starts the new one", async () => {
  await load();
  expect(await (await fetch(`http://${origin}/a`)).json()).toEqual({ answer: "first", development: true, path: "/a" });
  await writeFile(join(root, "server/app.ts"), source("second"));
  await vi.waitFor(async () => expect(await (await fetch(`http://${origin}/b`)).json()).toMatchObject({ answer: "second" }), {
    timeout: 10_000,
    interval: 50,
  });
  expect(await readFile(join(root, "log"), "utf8")).toBe("start first\nstop first\nstart second\n");
});

test("in development Vite answers on the platform's host only, and never sees an app's", async () => {
  await load();
  expect(await (await fetch(`http://${origin}/@vite/client`)).text()).toContain("HMR");
  const answer = await requestWithHost("app.localhost", "/@vite/client");
  expect(answer).toContain('"path":"/@vite/client"');
});

test("an upgrade that nobody claims is closed, and Vite's own is opened", async () => {
  await load();
  await expect(open("/nowhere", [])).rejects.toThrow();
  await open("/", ["vite-hmr"]);
});

function requestWithHost(host: string, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    get(`http://${origin}${path}`, { headers: { host } }, (response) => {
      let text = "";
      response
        .setEncoding("utf8")
        .on("data", (chunk: string) => (text += chunk))
        .on("end", () => resolve(text));
    }).on("error", reject);
  });
}

function open(path: string, protocols: string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`ws://${origin}${path}`, protocols);
    socket.on("open", () => (socket.close(), resolve())).on("error", reject);
  });
}
