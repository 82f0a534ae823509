/** 64 varied apps answer through the platform as they do under plain uvicorn: status, headers but date and server, and body bytes. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase } from "../database.ts";
import { freePort, startPlatform, type TestPlatform } from "../platform.ts";
import { makeCall, readCalls } from "./calls.ts";
import { startPeer, type Peer } from "./peer.ts";

const folder = join(import.meta.dirname, "apps");
const names = readdirSync(folder)
  .filter((file) => file.endsWith(".py"))
  .map((file) => file.slice(0, -3));

const database = createTestDatabase();
const work = mkdtempSync(join(tmpdir(), "fp-corpus-"));
let platform: TestPlatform;
let peer: Peer;
let token: string;

beforeAll(async () => {
  platform = await startPlatform();
  ({ token } = await platform.signUp());
  peer = startPeer(process.env["FP_PYTHON"]!);
}, 180_000);
afterAll(async () => {
  await peer?.stop();
  await platform?.stop();
  rmSync(work, { recursive: true, force: true });
  await database[Symbol.asyncDispose]();
});

test("the corpus has at least 60 apps", () => {
  expect(names.length).toBeGreaterThanOrEqual(60);
});

test.each(names)("%s", async (name) => {
  const source = readFileSync(join(folder, `${name}.py`), "utf8");
  const calls = readCalls(source);
  expect(calls.length).toBeGreaterThan(0);
  const app = await platform.deploy(token, name, { "app.py": source });
  const host = `${app.slug}.localhost:${platform.port}`;
  const peerFolder = join(work, name);
  mkdirSync(peerFolder);
  writeFileSync(join(peerFolder, "app.py"), source);
  const port = await freePort();
  const factory = /^def create_app\(/m.test(source);
  await peer.serve({
    folder: peerFolder,
    port,
    target: factory ? "app:create_app" : "app:app",
    factory,
    env: { PLATFORM_MONGO_URI: peerDatabase() },
  });
  for (const call of calls) {
    const [here, there] = [await makeCall(call, platform.port, host), await makeCall(call, port, host)];
    expect({ call: call.line, ...here }).toEqual({ call: call.line, ...there });
  }
  await platform.api(token, "DELETE", `/api/apps/${app.id}`);
});

/** The peer's apps get a database of this test, as a URL that names it. */
function peerDatabase(): string {
  const url = new URL(database.url);
  if (!url.searchParams.has("authSource")) url.searchParams.set("authSource", "admin");
  return url.href;
}
