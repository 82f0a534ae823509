import { afterAll, beforeAll, expect, test } from "vitest";
import WebSocket from "ws";
import { send } from "../http.ts";
import { waitFor } from "../wait.ts";
import { createRoleWorld, files, signUp, type RoleProcess, type RoleWorld } from "./world.ts";

let world: RoleWorld;
let [webA, webB, gatewayA, gatewayB, workerA, egress]: RoleProcess[] = [];
let token = "";

beforeAll(async () => {
  world = await createRoleWorld();
  // Two at once on a new database, as a rollout does.
  [webA, webB] = await Promise.all([world.start("web-a", "web"), world.start("web-b", "web")]);
  [gatewayA, gatewayB] = await Promise.all([world.start("gateway-a", "gateway"), world.start("gateway-b", "gateway")]);
  [workerA, egress] = await Promise.all([
    world.start("worker-a", "worker"),
    world.start("egress", "egress"),
    world.start("worker-b", "worker"),
  ]);
  world.cluster.elect("worker-a");
}, 180_000);
afterAll(() => world[Symbol.asyncDispose]());

const codeOf = (web: RoleProcess): string => /setup code: (\S+)$/m.exec(web.output())?.[1] ?? "";

test("two webs show one setup code, and either takes it", async () => {
  expect(codeOf(webA!)).toMatch(/^[A-Z2-9]{12}$/);
  expect(codeOf(webB!)).toBe(codeOf(webA!));
  for (const other of [gatewayA!, workerA!, egress!]) expect(codeOf(other)).toBe("");
  const origin = `http://${world.host}`;
  await expect(signUp(webA!, "thief@example.com", origin, "WRONGWRONG22")).rejects.toThrow("setup_code_required");
  token = await signUp(webB!, "owner@example.com", origin, codeOf(webA!));
  expect(await webA!.api(token, "GET", "/api/me")).toMatchObject({ email: "owner@example.com", role: "admin" });
});

test("each role answers what is its own, refuses the rest in words, and says whether it is ready", async () => {
  for (const one of [webA!, gatewayA!, workerA!, egress!]) {
    for (const host of [world.host, `10.1.2.3:${one.port}`, `[fd00::7]:${one.port}`]) {
      expect((await send(one.port, host, "/healthz")).json(), `${one.name} as ${host}`).toEqual({ status: "ok" });
      expect((await send(one.port, host, "/readyz")).status).toBe(200);
    }
    expect((await send(one.port, world.host, "/metrics")).text).toContain("METRICS_PORT");
    expect((await send(one.metricsPort, "anything", "/metrics")).text).toContain("fp_apps_awake");
    expect((await send(one.metricsPort, "anything", "/api/me")).status).toBe(404);
  }
  expect((await webA!.call("/any/page")).text).toContain("a page");
  const pages = await gatewayA!.call("/api/me");
  expect([pages.status, pages.text]).toEqual([421, expect.stringContaining("ROLE=web")]);
  const app = await webA!.callApp("some-app", "/");
  expect([app.status, app.text]).toEqual([421, expect.stringContaining("ROLE=gateway")]);
  expect((await gatewayA!.callApp("no-such-app", "/")).status).toBe(404);
  for (const one of [workerA!, egress!]) {
    expect((await one.call("/")).status).toBe(421);
    expect((await one.callApp("some-app", "/")).status).toBe(421);
  }
  // An app's own paths of these names are the app's.
  const slug = (await world.deploy(webA!, token, "Own paths")).slug;
  expect((await gatewayA!.callApp(slug, "/readyz")).json()).toMatchObject({ path: "/readyz" });
});

test("a deployment through one web is followed through another as it happens, and both gateways serve it at once", async () => {
  world.cluster.loadMs = 2_000;
  const app = await webA!.api<{ id: string; slug: string }>(token, "POST", "/api/apps", { name: "Followed", files });
  // Known to the gateways as never deployed.
  expect((await gatewayA!.callApp(app.slug, "/")).status).toBe(503);
  const { deploymentId } = await webA!.api<{ deploymentId: string }>(token, "POST", `/api/apps/${app.id}/deploy`, {});
  const startedAt = performance.now();
  const stream = await fetch(`http://127.0.0.1:${webB!.port}/api/deployments/${deploymentId}/events`, {
    headers: { authorization: `Bearer ${token}`, host: world.host },
  });
  let text = "";
  let loadingAfter = 0;
  for await (const chunk of stream.body!.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    if (loadingAfter === 0 && text.includes('"stage":"starting"')) loadingAfter = performance.now() - startedAt;
  }
  world.cluster.loadMs = 0;
  expect(loadingAfter).toBeGreaterThan(0);
  expect(loadingAfter).toBeLessThan(1_800);
  expect(text).toContain("Version 1 is live");
  expect(text.trimEnd()).toMatch(/event: end\ndata: \{\}$/);
  for (const gateway of [gatewayA!, gatewayB!])
    expect((await gateway.callApp(app.slug, "/now")).json()).toMatchObject({ version: 1, path: "/now" });
});

test("lines that the worker reads come to who follows them through any web, with a ticket of the other", async () => {
  const app = await world.deploy(webA!, token, "Talkative");
  const { ticket } = await webA!.api<{ ticket: string }>(token, "POST", `/api/apps/${app.id}/logs/ticket`);
  const socket = new WebSocket(`ws://127.0.0.1:${webB!.port}/api/apps/${app.id}/logs/stream?ticket=${ticket}`, {
    headers: { host: world.host },
  });
  const lines: string[] = [];
  socket.on("message", (data: Buffer) => lines.push((JSON.parse(data.toString()) as { text: string }).text));
  await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
  let printed = 0;
  await waitFor("a line comes through", () => {
    world.cluster.print(app.id, `line ${(printed += 1)}`);
    return lines.length > 0;
  });
  // Without gaps and in order from the first that came.
  const first = Number(lines[0]!.split(" ")[1]);
  await waitFor("all of them", () => lines.length === printed - first + 1);
  expect(lines).toEqual(Array.from({ length: lines.length }, (_, index) => `line ${first + index}`));
  socket.close();
  const again = new WebSocket(`ws://127.0.0.1:${webA!.port}/api/apps/${app.id}/logs/stream?ticket=${ticket}`, {
    headers: { host: world.host },
  });
  expect(await new Promise((resolve) => again.on("unexpected-response", (_, { statusCode }) => resolve(statusCode)))).toBe(401);
  expect((await webA!.api<{ items: unknown[] }>(token, "GET", `/api/apps/${app.id}/logs`)).items).toHaveLength(printed);
});

test("a key makes one app through two webs, and the same answer", async () => {
  const create = (web: RoleProcess) =>
    web.call("/api/apps", {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json", "idempotency-key": "once-over-two-webs" },
      body: JSON.stringify({ name: "Only once", files }),
    });
  const first = await create(webA!);
  const second = await create(webB!);
  expect(first.status).toBe(201);
  expect(second.headers["idempotency-replayed"]).toBe("true");
  expect(second.json()).toEqual(first.json());
});

test("a token that is revoked through one web is not taken by another", async () => {
  const made = await webA!.api<{ id: string; token: string }>(token, "POST", "/api/tokens", { name: "for a while" });
  expect(await webB!.api(made.token, "GET", "/api/me")).toMatchObject({ email: "owner@example.com" });
  await webA!.api(token, "DELETE", `/api/tokens/${made.id}`);
  const status = async () => (await webB!.call("/api/me", { headers: { authorization: `Bearer ${made.token}` } })).status;
  await waitFor("the other web refuses it", async () => (await status()) === 401, 5_000);
});

test("an app that is deleted through one web is gone at every gateway", async () => {
  const app = await world.deploy(webA!, token, "Short-lived");
  for (const gateway of [gatewayA!, gatewayB!]) expect((await gateway.callApp(app.slug, "/")).status).toBe(200);
  await webB!.api(token, "DELETE", `/api/apps/${app.id}`);
  for (const gateway of [gatewayA!, gatewayB!])
    await waitFor("it is not found any more", async () => (await gateway.callApp(app.slug, "/")).status === 404, 5_000);
});

test("an exception that the worker hears of before the gateway has written its request is shown with it", async () => {
  const app = await world.deploy(webA!, token, "Raising");
  const { requestId } = (await gatewayA!.callApp(app.slug, "/fails")).json() as { requestId: string };
  world.cluster.raise(app.id, requestId, "as planned");
  const shown = await waitFor("it is shown", async () => {
    const entry = await webB!.api<{ error?: { message: string } }>(token, "GET", `/api/apps/${app.id}/requests/${requestId}`);
    return entry.error;
  });
  expect(shown).toMatchObject({ type: "ValueError", message: "as planned" });
});

/** As it is written: what pages show is corrected by what runs. */
const statusOf = async ({ slug }: { slug: string }): Promise<{ status: string; statusReason: string | null }> =>
  (await world.database.collection<{ slug: string; status: string; statusReason: string | null }>("apps").findOne({ slug }))!;

test("only the worker that leads writes statuses, and a new leader finds what happened while nobody led", async () => {
  const app = await world.deploy(webA!, token, "Mortal");
  await waitFor("it runs", async () => (await statusOf(app)).status === "running");
  world.cluster.die(app.id, "was killed at 256 MB");
  const died = await waitFor("its death is written", async () => {
    const now = await statusOf(app);
    return now.status === "sleeping" ? now : null;
  });
  expect(died.statusReason).toBe("The app was killed at 256 MB");
  expect((await gatewayB!.callApp(app.slug, "/")).status).toBe(200);
  await waitFor("it runs again", async () => (await statusOf(app)).status === "running");
  world.cluster.elect(null);
  await workerA!.stop("SIGKILL");
  world.cluster.die(app.id, "was killed while nobody led");
  const apps = world.database.collection("apps");
  // What was written a moment ago may be under way somewhere, so a new leader concludes nothing from it.
  await apps.updateOne({ slug: app.slug }, { $set: { changedAt: new Date(Date.now() - 60_000) } });
  expect((await statusOf(app)).status).toBe("running");
  world.cluster.elect("worker-b");
  await waitFor("the new leader has looked", async () => (await statusOf(app)).status === "sleeping");
}, 120_000);

test("an app sleeps when no gateway has anything in hand for it, and not before", async () => {
  const app = await world.deploy(webA!, token, "Idle");
  const apps = world.database.collection("apps");
  await apps.updateOne({ slug: app.slug }, { $set: { sleepAfterMinutes: 1 } });
  const age = (ms: number) => {
    const at = new Date(Date.now() - ms);
    return apps.updateOne({ slug: app.slug }, { $set: { lastRequestAt: at, wokenAt: at, "live.updatedAt": at } });
  };
  const open = send(gatewayB!.port, `${app.slug}.apps.example:8000`, "/stream", { timeoutMs: 60_000 }).catch(() => null);
  await waitFor("the stream's gateway reports", async () => {
    const { lastRequestAt } = (await apps.findOne({ slug: app.slug }))!;
    return lastRequestAt instanceof Date && lastRequestAt.getTime() > Date.now() - 5_000;
  });
  // By the other gateway's word alone it would be asleep in 10 s.
  await age(60_000);
  const reported = new Date();
  await waitFor("the open stream is reported", async () => {
    const { lastRequestAt } = (await apps.findOne({ slug: app.slug }))!;
    return (lastRequestAt as Date) > reported;
  });
  expect(world.cluster.isAwake(app.id)).toBe(true);
  expect(world.cluster.asked.filter((one) => one.endsWith(`sleep ${app.id}`))).toEqual([]);
  await gatewayB!.stop("SIGKILL");
  await open;
  await age(3_600_000);
  await waitFor("it is put to sleep", () => !world.cluster.isAwake(app.id), 30_000);
  expect(world.cluster.asked.filter((one) => one.endsWith(`sleep ${app.id}`))).toEqual([`worker-b sleep ${app.id}`]);
  await waitFor("and shown asleep", async () => (await statusOf(app)).status === "sleeping");
  expect((await gatewayA!.callApp(app.slug, "/awake")).json()).toMatchObject({ path: "/awake" });
}, 120_000);
