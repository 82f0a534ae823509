/** The administrator's lists through the API, and what an app is told when they do not let it through. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { createApiWorld, type ApiWorld } from "../api/world.ts";
import { waitFor } from "../wait.ts";

let world: ApiWorld;
beforeAll(async () => {
  world = await createApiWorld();
}, 120_000);
afterAll(() => world?.[Symbol.asyncDispose]());

test("an administrator reads and replaces what apps may reach; nobody else does either", async () => {
  const { client } = world.owner;
  expect(await client("getEgress", {})).toEqual({ domains: ["*"], ports: [80, 443] });
  const body = { domains: ["API.Example.com.", "*.example.org"], ports: [443, 587] };
  expect(await client("putEgress", { body })).toEqual({ domains: ["api.example.com", "*.example.org"], ports: [443, 587] });
  expect(await client("getEgress", {})).toEqual({ domains: ["api.example.com", "*.example.org"], ports: [443, 587] });
  for (const call of [world.stranger.client("getEgress", {}), world.stranger.client("putEgress", { body })]) {
    await expect(call).rejects.toMatchObject({ code: "forbidden", problem: expect.objectContaining({ status: 403 }) });
  }
});

test.each([
  [{ domains: ["https://example.com"], ports: [443] }, "domains.0"],
  [{ domains: ["ok.example", "a b"], ports: [443] }, "domains.1"],
  [{ domains: ["*"], ports: [0] }, "ports.0"],
  [{ domains: ["*"], ports: [443.5] }, "ports.0"],
  [{ domains: Array.from({ length: 501 }, (_, index) => `h${index}.example`), ports: [443] }, "domains"],
  [{ domains: ["*"] }, "ports"],
])("%j is refused by name, and what was set stays", async (body, path) => {
  const before = await world.owner.client("getEgress", {});
  const answer = await world.platform.call("/api/admin/egress", {
    method: "PUT",
    headers: { authorization: `Bearer ${world.owner.token}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  expect(answer.status).toBe(400);
  expect((answer.json() as { problems: { path: string }[] }).problems.map((problem) => problem.path)).toContain(path);
  expect(await world.owner.client("getEgress", {})).toEqual(before);
});

test("a refusal reaches the app's code in words, its log once, and the platform's counters each time", async () => {
  const { platform, owner } = world;
  await owner.client("putEgress", { body: { domains: ["allowed.example"], ports: [443] } });
  const { id, slug } = await platform.deploy(owner.token, "Curious", {
    "app.py": [
      "import httpx, smtplib",
      "from fastapi import FastAPI",
      "app = FastAPI()",
      '@app.get("/http")',
      "def http(url: str):",
      "    answer = httpx.get(url)",
      "    return {'status': answer.status_code, 'reason': answer.headers['x-fp-egress'], 'text': answer.text}",
      '@app.get("/mail")',
      "def mail(host: str):",
      "    try:",
      "        smtplib.SMTP(host, 587)",
      "    except OSError as error:",
      "        return {'text': str(error)}",
    ].join("\n"),
  });
  for (const url of ["http://blocked.example/", "http://blocked.example/again", "http://169.254.169.254/latest/meta-data/"]) {
    const answer = (await platform.callApp(slug, `/http?url=${encodeURIComponent(url)}`)).json();
    const [reason, words] = url.includes("169")
      ? ["address_not_allowed", "no setting allows it"]
      : ["domain_not_allowed", "egress.domains"];
    expect(answer).toEqual({ status: 403, reason, text: expect.stringContaining(words) });
  }
  expect((await platform.callApp(slug, "/mail?host=allowed.example")).json()).toEqual({ text: expect.stringContaining("egress.ports") });
  const lines = await waitFor("the refusals are in the log", async () => {
    const { items } = await owner.client("listLogs", { params: { app: id } });
    const found = items.filter(({ stream, text }) => stream === "platform" && text.includes("was not reached"));
    return found.length >= 3 ? found : null;
  });
  expect(lines.map(({ text }) => text.split(" was not reached")[0])).toEqual([
    "blocked.example:80",
    "169.254.169.254:80",
    "allowed.example:587",
  ]);
  const metrics = (await platform.call("/metrics")).text;
  expect(metrics).toMatch(/fp_egress_refusals_total\{reason="domain_not_allowed"\} 2/);
});

test("the lists hold after a restart", async () => {
  const body = { domains: ["kept.example"], ports: [8443] };
  await world.owner.client("putEgress", { body });
  await world.platform.kill();
  await world.platform.restart();
  expect(await world.owner.client("getEgress", {})).toEqual(body);
}, 120_000);
