/** Python's clients, unchanged, from real apps in real sandboxes: to the Internet over HTTP and TLS, to each other, and by mail. */
import { createHash, randomBytes } from "node:crypto";
import type { RequestListener } from "node:http";
import { createServer, type Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { waitFor } from "../wait.ts";
import { certificate, createEgressWorld, owner, type EgressWorld } from "./world.ts";

let world: EgressWorld;
let caller: { id: string; slug: string };
let neighbour: { id: string; slug: string };
let plainPort: number;
let securePort: number;

const payload = randomBytes(3_000_000);
const digest = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");

/** Greets, says what it was sent, and has something large. */
const listener: RequestListener = (request, response) => {
  const hash = createHash("sha256");
  request.on("data", (chunk: Buffer) => hash.update(chunk));
  request.on("end", () => {
    if (request.url === "/large") response.end(payload);
    else
      response.end(
        JSON.stringify({ host: request.headers.host, path: request.url, sent: hash.digest("hex"), via: request.headers.via ?? null }),
      );
  });
};

const callerCode = `
import asyncio, hashlib, json, os, smtplib, socket, ssl, urllib.request
import aiohttp, httpx, requests, websockets
from fastapi import FastAPI

app = FastAPI()
CA = "ca.txt"

@app.get("/httpx")
def use_httpx(url: str):
    with httpx.Client(verify=ssl.create_default_context(cafile=CA)) as client:
        return client.get(url).json()

@app.get("/httpx-async")
async def use_httpx_async(url: str):
    async with httpx.AsyncClient(verify=ssl.create_default_context(cafile=CA)) as client:
        return (await client.get(url)).json()

@app.get("/requests")
def use_requests(url: str):
    return requests.get(url, verify=CA).json()

@app.get("/aiohttp")
async def use_aiohttp(url: str):
    async with aiohttp.ClientSession() as session:
        async with session.get(url, ssl=ssl.create_default_context(cafile=CA)) as answer:
            return await answer.json(content_type=None)

@app.get("/urllib")
def use_urllib(url: str):
    context = ssl.create_default_context(cafile=CA)
    with urllib.request.urlopen(url, context=context if url.startswith("https") else None) as answer:
        return json.load(answer)

@app.get("/large")
async def large(url: str):
    body = bytes(range(256)) * 8000
    async with httpx.AsyncClient() as client:
        got = hashlib.sha256()
        async with client.stream("GET", url + "/large") as answer:
            async for chunk in answer.aiter_bytes():
                got.update(chunk)
        sent = (await client.post(url + "/sent", content=body)).json()["sent"]
    return {"got": got.hexdigest(), "sent": sent == hashlib.sha256(body).hexdigest()}

@app.get("/room")
async def room(url: str):
    async with websockets.connect(url) as socket:
        await socket.send("hello")
        return {"said": await socket.recv()}

@app.get("/mail")
def mail(host: str, port: int):
    try:
        with smtplib.SMTP(host, port, local_hostname="app") as server:
            return {"greeting": server.noop()[0]}
    except OSError as error:
        return {"error": str(error)}

@app.get("/tunnel")
def tunnel(target: str):
    proxy = os.environ["HTTPS_PROXY"].removeprefix("http://").split(":")
    with socket.create_connection((proxy[0], int(proxy[1])), 30) as raw:
        raw.sendall(f"CONNECT {target} HTTP/1.1\\r\\nHost: {target}\\r\\n\\r\\n".encode())
        return {"line": raw.makefile("rb").readline().decode().strip()}

@app.get("/own")
async def own():
    server = await asyncio.start_server(lambda reader, writer: (writer.write(b"HTTP/1.0 200 OK\\r\\n\\r\\nown"), writer.close()), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with httpx.AsyncClient() as client:
        text = (await client.get(f"http://127.0.0.1:{port}/")).text
    server.close()
    return {"text": text}
`;

const neighbourCode = `
from fastapi import FastAPI, Request, WebSocket

app = FastAPI()

@app.get("/whoami")
def whoami(request: Request):
    return {"host": request.headers["host"], "path": "/whoami", "client": request.client.host}

@app.websocket("/room")
async def room(socket: WebSocket):
    await socket.accept()
    await socket.send_text(f"echo {await socket.receive_text()}")
`;

beforeAll(async () => {
  world = await createEgressWorld();
  plainPort = await world.internet.serveHttp("plain.example", listener);
  securePort = await world.internet.serveHttps("secure.example", listener);
  caller = await world.deploy("Caller", { "app.py": callerCode, "ca.txt": certificate });
  neighbour = await world.deploy("Neighbour", { "app.py": neighbourCode });
}, 180_000);
afterAll(() => world?.[Symbol.asyncDispose](), 60_000);

async function ask(path: string, query: Record<string, string | number>): Promise<Record<string, unknown>> {
  const answer = await world.callApp(
    caller.slug,
    `${path}?${new URLSearchParams(Object.entries(query).map(([key, value]) => [key, String(value)]))}`,
  );
  if (answer.status !== 200) {
    const { items } = await world.services.logs.list(owner, caller.id, { tail: 60 });
    throw new Error(`${answer.status} ${answer.text}\n${items.map(({ text }) => text).join("\n")}`);
  }
  return answer.json() as Record<string, unknown>;
}

describe.each(["/httpx", "/httpx-async", "/requests", "/aiohttp", "/urllib"])("%s", (client) => {
  test("reaches the Internet over HTTP", async () => {
    const host = `plain.example:${plainPort}`;
    expect(await ask(client, { url: `http://${host}/a?b=c` })).toMatchObject({ host, path: "/a?b=c" });
  });

  test("reaches the Internet over TLS, whose certificate it checks itself", async () => {
    const host = `secure.example:${securePort}`;
    expect(await ask(client, { url: `https://${host}/a` })).toMatchObject({ host, path: "/a" });
  });

  test("reaches another app of the platform, waking it", async () => {
    await world.services.deployments.sleep(owner, neighbour.id);
    await waitFor("it sleeps", () => world.services.runtime.endpoints(neighbour.id).length === 0);
    const host = `${neighbour.slug}.localhost:${world.port}`;
    expect(await ask(client, { url: `http://${host}/whoami` })).toEqual({ host, path: "/whoami", client: "127.0.0.1" });
  });
});

test("large bodies pass whole in both directions", async () => {
  expect(await ask("/large", { url: `http://plain.example:${plainPort}` })).toEqual({ got: digest(payload), sent: true });
});

test("a WebSocket to another app opens through a tunnel", async () => {
  expect(await ask("/room", { url: `ws://${neighbour.slug}.localhost:${world.port}/room` })).toEqual({ said: "echo hello" });
});

test("mail goes out where its port is open, and fails with words where it is not", async () => {
  const smtp = createServer((socket: Socket) => {
    socket.write("220 mail.example ready\r\n");
    socket.on("data", (chunk: Buffer) => socket.write(chunk.toString().startsWith("QUIT") ? "221 bye\r\n" : "250 fine\r\n"));
    socket.on("error", () => undefined);
  });
  const port = await world.internet.serve("mail.example", smtp);
  expect(await ask("/mail", { host: "mail.example", port })).toEqual({ greeting: 250 });
  expect(await ask("/mail", { host: "mail.example", port: 587 })).toEqual({ error: expect.stringContaining("egress.ports") });
});

test("what an app serves to itself stays in its sandbox", async () => {
  expect(await ask("/own", {})).toEqual({ text: "own" });
});

test("by its own hand an app reaches nothing of this machine either, and its log says so", async () => {
  const { port } = world;
  const closed = [
    `localhost:${port}`,
    `127.0.0.1:${port}`,
    `127.1:${port}`,
    `[::1]:${port}`,
    `[::ffff:127.0.0.1]:${port}`,
    `0.0.0.0:${port}`,
  ];
  for (const target of [...closed, `www.localhost:${port}`, "169.254.169.254:80"]) {
    const { line } = await ask("/tunnel", { target });
    expect(line, target).toMatch(/^HTTP\/1\.1 (403|502) /);
  }
  expect(await ask("/tunnel", { target: `plain.example:${plainPort}` })).toEqual({ line: "HTTP/1.1 200 Connection established" });
  await waitFor("the log tells", async () => {
    const { items } = await world.services.logs.list(owner, caller.id, { tail: 200 });
    return items.some(({ stream, text }) => stream === "platform" && text.startsWith(`127.0.0.1:${port} was not reached`));
  });
});
