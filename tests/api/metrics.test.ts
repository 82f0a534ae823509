/** `GET /metrics` over real HTTP: who gets it, and that what happens to apps is in it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { waitFor } from "../wait.ts";
import { createApiWorld, helloFiles, type ApiWorld } from "./world.ts";

let world: ApiWorld;
beforeAll(async () => {
  world = await createApiWorld();
}, 120_000);
afterAll(() => world?.[Symbol.asyncDispose]());

const ask = (headers: Record<string, string> = {}) => world.platform.call("/metrics", { headers });
const series = async (name: string) => Number(new RegExp(`^${name.replace(/[{}]/g, "\\$&")} (\\S+)$`, "m").exec((await ask()).text)?.[1]);

test("this machine gets it, in text format 0.0.4", async () => {
  const answer = await ask();
  expect([answer.status, answer.headers["content-type"]]).toEqual([200, "text/plain; version=0.0.4; charset=utf-8"]);
  expect(answer.text).toMatch(/^# HELP fp_/);
  expect((await ask({ host: `127.0.0.1:${world.platform.port}` })).status).toBe(200);
});

test("who came through a proxy is not this machine, whatever they call themselves", async () => {
  const headers: Record<string, string>[] = [
    { "x-forwarded-for": "127.0.0.1" },
    { "x-real-ip": "127.0.0.1" },
    { forwarded: "for=127.0.0.1" },
    { via: "1.1 proxy" },
    { "x-forwarded-for": "10.0.0.1", "x-fp-client-ip": "127.0.0.1" },
  ];
  for (const each of headers) {
    const answer = await ask(each);
    expect([each, answer.status, (answer.json() as { code: string }).code]).toEqual([each, 401, "unauthenticated"]);
  }
});

test("an administrator's token gets it from anywhere, nobody else's does", async () => {
  const outside = { "x-forwarded-for": "10.0.0.1" };
  expect((await ask({ ...outside, authorization: `Bearer ${world.owner.token}` })).status).toBe(200);
  expect((await ask({ ...outside, authorization: `Bearer ${world.stranger.token}` })).status).toBe(403);
  expect((await ask({ ...outside, authorization: "Bearer fp_wrong" })).status).toBe(401);
});

test("only GET and HEAD", async () => {
  const answer = await world.platform.call("/metrics", { method: "POST" });
  expect([answer.status, answer.headers.allow]).toEqual([405, "GET, HEAD"]);
});

test("a wake, a sleep and a refusal are counted; the app is among those awake", async () => {
  const { platform, owner } = world;
  const app = await platform.deploy(owner.token, "counted", helloFiles);
  await waitFor("it is counted awake", async () => (await series("fp_apps_awake")) === 1);
  await platform.api(owner.token, "POST", `/api/apps/${app.id}/sleep`);
  await waitFor("its end is counted", async () => (await series('fp_instance_ends_total{reason="asked"}')) === 1);
  await waitFor("it is counted asleep", async () => (await series("fp_apps_awake")) === 0);
  await waitFor("a runner is warm", async () => (await series("fp_warm_runners")) > 0);
  expect((await platform.callApp(app.slug, "/")).status).toBe(200);
  expect((await series('fp_wake_seconds_count{start="warm"}')) + (await series('fp_wake_seconds_count{start="cold"}'))).toBe(1);
  const before = await series('fp_gateway_refusals_total{code="not_found"}');
  expect((await platform.callApp("nobody-is-here", "/")).status).toBe(404);
  expect(await series('fp_gateway_refusals_total{code="not_found"}')).toBe(before + 1);
});

test("docs/metrics.md names each series and each value that is not described elsewhere, and no other", async () => {
  const page = readFileSync(join(import.meta.dirname, "../../docs/metrics.md"), "utf8");
  const { text } = await ask();
  const served = [...text.matchAll(/^# TYPE (\S+) /gm)].map(([, name]) => name!);
  const described = [...page.matchAll(/`((?:fp|process)_[a-z_]+)(?:\{[a-z]+\})?`/g)].map(([, name]) => name!);
  // Served only where there is a cluster; this platform runs its apps itself.
  const clustered = ["fp_cluster_calls_total"];
  expect(described.toSorted()).toEqual([...served, ...clustered].toSorted());
  for (const [, value] of text.matchAll(/(?:reason|what|start)="([a-z_]+)"/g))
    if (value !== "other" && !text.includes(`fp_egress_refusals_total{reason="${value}"}`)) expect(page).toContain(`\`${value}\``);
});
