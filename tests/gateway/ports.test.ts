import { createServer, type Server } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { send } from "../http.ts";
import { startPlatform, type TestPlatform } from "../platform.ts";
import { waitFor } from "../wait.ts";

const APP = `
import os
from fastapi import FastAPI, Request, Response, WebSocket

app = FastAPI()

@app.get("/")
def home(request: Request):
    return {"name": os.environ["APP_NAME"], "url": os.environ["APP_URL"], "host": request.headers["host"], "cookies": request.cookies}

@app.get("/cookies")
def cookies(response: Response):
    response.headers.append("set-cookie", "fp.session_token=stolen; Path=/")
    response.headers.append("set-cookie", "own=1; Path=/")
    return {}

@app.websocket("/ws")
async def ws(socket: WebSocket):
    await socket.accept()
    await socket.send_text("hello")
    await socket.close()
`;

let platform: TestPlatform;
let token: string;
beforeAll(async () => {
  platform = await startPlatform({ APPS_ADDRESSING: "port" });
  ({ token } = await platform.signUp());
}, 240_000);
afterAll(() => platform.stop(), 60_000);

const deploy = async (name: string): Promise<{ id: string; slug: string; url: string; port: number }> => {
  const { id, slug } = await platform.deploy(token, name, { "app.py": APP });
  const { url } = await platform.api<{ url: string }>(token, "GET", `/api/apps/${id}`);
  return { id, slug, url, port: Number(new URL(url).port) };
};

test("each app answers on a port of its own, whatever name it is asked by, and knows it", async () => {
  const [first, second] = [await deploy("First"), await deploy("Second")];
  expect([first.port > platform.port, second.port > platform.port, first.port === second.port]).toEqual([true, true, false]);
  expect(first.url).toBe(`http://localhost:${first.port}`);
  for (const [app, name] of [
    [first, "First"],
    [second, "Second"],
  ] as const) {
    const answer = await send(app.port, `192.0.2.7:${app.port}`, "/", { headers: { cookie: "fp.session_token=secret; own=1" } });
    expect(answer.json()).toEqual({ name, url: app.url, host: `192.0.2.7:${app.port}`, cookies: { own: "1" } });
  }
  expect(platform.output()).toContain("Each app has a port of its own");
  // The test panel's request says the same address.
  const tried = await platform.api(token, "POST", `/api/apps/${first.id}/proxy`, { method: "GET", path: "/" });
  expect(JSON.stringify(tried)).toContain(`localhost:${first.port}`);
});

test("an app cannot set the platform's cookies, which share its host", async () => {
  const { port } = await deploy("Cookies");
  expect((await send(port, `localhost:${port}`, "/cookies")).headers["set-cookie"]).toEqual(["own=1; Path=/"]);
});

test("WebSockets find the app by its port, and its own paths stay the platform's", async () => {
  const { port } = await deploy("Sockets");
  const answer = await send(port, `localhost:${port}`, "/_platform/health");
  expect(answer.status).toBe(404);
  const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`);
  const said = await new Promise((resolve, reject) => {
    socket.onmessage = ({ data }) => resolve(data);
    socket.onerror = () => reject(new Error("no WebSocket"));
  });
  expect(said).toBe("hello");
});

test("a port stays with its app over a restart; one that somebody took meanwhile gives way to the next; a deleted app's closes", async () => {
  const [stays, moves] = [await deploy("Stays"), await deploy("Moves")];
  await platform.kill();
  const taker: Server = createServer();
  await new Promise<void>((resolve) => taker.listen(moves.port, "127.0.0.1", resolve));
  try {
    await platform.restart();
    const urlOf = async (id: string) => (await platform.api<{ url: string }>(token, "GET", `/api/apps/${id}`)).url;
    expect(await urlOf(stays.id)).toBe(stays.url);
    const moved = Number(new URL(await urlOf(moves.id)).port);
    expect(moved).not.toBe(moves.port);
    expect((await send(moved, "x", "/")).json()).toMatchObject({ name: "Moves" });
    expect((await send(stays.port, "x", "/")).json()).toMatchObject({ name: "Stays", url: stays.url });
    expect(platform.output()).toContain(`Port ${moves.port} of the app ${moves.slug} is taken, so it is on port ${moved} now`);
    await platform.api(token, "DELETE", `/api/apps/${stays.id}`);
    await waitFor("its port is closed", () =>
      send(stays.port, "x", "/").then(
        () => false,
        () => true,
      ),
    );
  } finally {
    await new Promise((resolve) => taker.close(resolve));
  }
});

test("whether an app can be reached is told without waking it and without a trace", async () => {
  const { port, id } = await deploy("Reachable");
  const before = (await platform.api<{ items: unknown[] }>(token, "GET", `/api/apps/${id}/requests`)).items.length;
  expect((await send(port, `localhost:${port}`, "/_platform/reachable")).status).toBe(204);
  expect((await platform.api<{ items: unknown[] }>(token, "GET", `/api/apps/${id}/requests`)).items).toHaveLength(before);
});
