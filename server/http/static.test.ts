import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brotliCompressSync } from "node:zlib";
import { Hono } from "hono";
import { afterAll, beforeAll, expect, test } from "vitest";
import { staticPolicy } from "./security.ts";
import { addStaticFiles } from "./static.ts";

let folder: string;
const app = new Hono();
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "fp-static-"));
  await mkdir(join(folder, "assets"));
  await writeFile(join(folder, "assets/worker-a1.js"), "self.x = 1;\n");
  await writeFile(join(folder, "assets/worker-a1.js.br"), brotliCompressSync("self.x = 1;\n"));
  await writeFile(join(folder, "logo.svg"), "<svg/>");
  addStaticFiles(app, folder);
  app.all("*", (c) => c.text("a page"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test("a worker's file carries the policy that lets it fetch and compile, and is kept for a year", async () => {
  for (const headers of [{}, { "accept-encoding": "gzip, br" }] as Record<string, string>[]) {
    const answer = await app.request("/assets/worker-a1.js", { headers });
    expect(answer.status).toBe(200);
    expect(answer.headers.get("content-security-policy")).toBe(staticPolicy);
    expect(answer.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
    expect(answer.headers.get("content-encoding")).toBe("accept-encoding" in headers ? "br" : null);
  }
});

test("a named file is kept for an hour; what is not there is a page, or ends under /assets/", async () => {
  const logo = await app.request("/logo.svg");
  expect(logo.headers.get("cache-control")).toBe("public, max-age=3600");
  expect(logo.headers.get("content-security-policy")).toBe(staticPolicy);
  expect(await (await app.request("/nothing.svg")).text()).toBe("a page");
  const missing = await app.request("/assets/worker-b2.js");
  expect([missing.status, missing.headers.get("cache-control")]).toEqual([404, "no-store"]);
});
