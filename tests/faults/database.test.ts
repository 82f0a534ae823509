/** A database that is away or slow: apps go on, the platform says so, what happened meanwhile is written down afterwards. */
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, onTestFailed, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../database.ts";
import { startPlatform, type TestPlatform } from "../platform.ts";
import { waitFor } from "../wait.ts";
import { findDatabase } from "./victims.ts";

const answering = (text: string) => ({
  "app.py": `from fastapi import FastAPI\napp = FastAPI()\n@app.get("/{path:path}")\ndef root():\n    return "${text}"\n`,
});

/** So many requests one after the other; the statuses that came. */
async function callRepeatedly(platform: TestPlatform, slug: string, path: string, times: number): Promise<Set<number>> {
  const statuses = new Set<number>();
  for (let count = 0; count < times; count += 1) statuses.add((await platform.callApp(slug, path)).status);
  return statuses;
}

describe("a database that hangs", () => {
  let platform: TestPlatform;
  let token: string;
  beforeAll(async () => {
    platform = await startPlatform();
    ({ token } = await platform.signUp("owner@example.com"));
  }, 180_000);
  afterAll(() => platform?.stop());

  test("apps answer and wake, pages and API say so in time, and what happened is found later", async () => {
    const awake = await platform.deploy(token, "awake", answering("awake"));
    const asleep = await platform.deploy(token, "asleep", answering("woken"));
    // Woken before, so that what its wake needs is known without the database.
    const sleep = () => platform.api(token, "POST", `/api/apps/${asleep.id}/sleep`);
    await sleep();
    expect((await platform.callApp(asleep.slug, "/")).json()).toBe("woken");
    await sleep();
    const cookie = await signIn(platform);
    const server = findDatabase(platform.dataDir)!;
    process.kill(server.pid, "SIGSTOP");
    try {
      expect(await callRepeatedly(platform, awake.slug, "/meanwhile", 60)).toEqual(new Set([200]));
      expect((await platform.callApp(asleep.slug, "/")).json()).toBe("woken");
      const api = await platform.call("/api/apps", { headers: { authorization: `Bearer ${token}` } });
      expect([api.status, (api.json() as { code: string }).code]).toEqual([503, "database_unavailable"]);
      const page = await platform.call("/", { headers: { cookie, accept: "text/html" } });
      expect([page.status, page.text.includes("database cannot be reached")]).toEqual([503, true]);
      expect(await callRepeatedly(platform, awake.slug, "/meanwhile", 60)).toEqual(new Set([200]));
    } finally {
      process.kill(server.pid, "SIGCONT");
    }
    const recorded = await waitFor("the requests are in the list", async () => {
      const { items } = await platform.api<{ items: unknown[] }>(token, "GET", `/api/apps/${awake.id}/requests?path=/meanwhile&limit=200`);
      return items.length >= 120 ? items : null;
    });
    expect(recorded).toHaveLength(120);
    await waitFor("the woken app is shown as running", async () => {
      return (await platform.api(token, "GET", `/api/apps/${asleep.id}`))["status"] === "running";
    });
    expect(platform.output()).not.toContain("A bug");
  }, 240_000);

  test("killed during a deployment, the database is started again and the deployment succeeds", async () => {
    onTestFailed(() => console.log(platform.output()));
    const app = await platform.deploy(token, "deployed meanwhile", answering("one"));
    const { deploymentId } = await platform.api<{ deploymentId: string }>(token, "POST", `/api/apps/${app.id}/deploy`, {
      files: answering("two"),
    });
    process.kill(findDatabase(platform.dataDir)!.pid, "SIGKILL");
    await platform.settled(token, deploymentId);
    expect((await platform.callApp(app.slug, "/")).json()).toBe("two");
    const { items } = await platform.api<{ items: { number: number }[] }>(token, "GET", `/api/apps/${app.id}/versions`);
    expect(items.map(({ number }) => number)).toEqual([2, 1]);
  });
});

describe("a slow database", () => {
  let database: TestDatabase;
  let proxy: DelayingProxy;
  let platform: TestPlatform;
  let token: string;
  beforeAll(async () => {
    database = createTestDatabase();
    const url = new URL(database.url);
    proxy = await startProxy(Number(url.port));
    url.port = String(proxy.port);
    platform = await startPlatform({ MONGO_URL: url.href });
    ({ token } = await platform.signUp("owner@example.com"));
  }, 180_000);
  afterAll(async () => {
    await platform?.stop();
    await proxy?.close();
    await database?.[Symbol.asyncDispose]();
  });

  test("slows neither apps nor their waking, and nothing hangs or piles up", async () => {
    const app = await platform.deploy(token, "quick", answering("quick"));
    const delayMs = 300;
    proxy.delayMs = delayMs;
    const times: number[] = [];
    for (let count = 0; count < 50; count += 1) {
      const startedAt = performance.now();
      expect((await platform.callApp(app.slug, "/")).status).toBe(200);
      times.push(performance.now() - startedAt);
    }
    // None of them waits for the database, so most are quicker than a single exchange with it.
    expect(times.toSorted((left, right) => left - right)[25]).toBeLessThan(delayMs);
    const authorization = `Bearer ${token}`;
    const lists = await Promise.all(Array.from({ length: 60 }, () => platform.call("/api/apps", { headers: { authorization } })));
    expect(new Set(lists.map(({ status }) => status))).toEqual(new Set([200]));
    // The driver's pools: 30 for the platform, and its monitors.
    expect(proxy.open).toBeLessThan(60);
    await platform.api(token, "POST", `/api/apps/${app.id}/sleep`);
    expect((await platform.callApp(app.slug, "/")).json()).toBe("quick");
    const { deploymentId } = await platform.api<{ deploymentId: string }>(token, "POST", `/api/apps/${app.id}/deploy`, {
      files: answering("again"),
    });
    await platform.settled(token, deploymentId);
    proxy.delayMs = 0;
    expect((await platform.callApp(app.slug, "/")).json()).toBe("again");
  }, 240_000);
});

async function signIn(platform: TestPlatform): Promise<string> {
  const answer = await platform.call("/api/auth/sign-in/email", {
    method: "POST",
    headers: { "content-type": "application/json", origin: platform.url },
    body: JSON.stringify({ email: "owner@example.com", password: "correct horse battery" }),
  });
  expect(answer.status).toBe(200);
  return (answer.headers["set-cookie"] ?? []).map((cookie) => cookie.split(";")[0]).join("; ");
}

interface DelayingProxy {
  readonly port: number;
  readonly open: number;
  /** Added to everything that the server says. */
  delayMs: number;
  close(): Promise<void>;
}

/** In front of the server on `target`: what the server says arrives later, in order. */
async function startProxy(target: number): Promise<DelayingProxy> {
  const sockets = new Set<Socket>();
  let open = 0;
  const server: Server = createServer((client) => {
    const upstream = connect(target, "127.0.0.1");
    open += 1;
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(from);
      from.on("error", () => to.destroy());
      from.on("close", () => to.destroy());
    }
    client.on("close", () => (open -= 1));
    client.pipe(upstream);
    let due = 0;
    upstream.on("data", (chunk: Buffer) => {
      // Never before what was said earlier, also when the delay is lowered.
      due = Math.max(due, performance.now() + proxy.delayMs);
      setTimeout(() => client.writable && client.write(chunk), Math.max(0, due - performance.now()));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const proxy: DelayingProxy = {
    port: (server.address() as AddressInfo).port,
    get open() {
      return open;
    },
    delayMs: 0,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return proxy;
}
