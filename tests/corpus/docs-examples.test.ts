/** FastAPI's documentation examples deploy and answer as under plain uvicorn; each exception has its reason here. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { send, type Answer } from "../http.ts";
import { freePort, startPlatform, type TestPlatform } from "../platform.ts";
import { callsOf, fetchExamples, readExamples, type Example } from "./docs-examples.ts";
import { explainedExamples, randomExamples } from "./docs-exceptions.ts";
import { startPeer, type Peer } from "./peer.ts";

const python = process.env["FP_PYTHON"]!;
const cacheDir = join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "fastapi-platform");
const work = mkdtempSync(join(tmpdir(), "fp-docs-"));

let platform: TestPlatform;
let peer: Peer;
let examples: Example[] = [];
let missing = "";

beforeAll(async () => {
  const folder = await fetchExamples(python, cacheDir).catch((error: Error) => {
    missing = `FastAPI's source distribution cannot be had: ${error.message.split("\n")[0]}`;
  });
  if (!folder) return;
  examples = readExamples(folder);
  platform = await startPlatform();
  peer = startPeer(python);
}, 300_000);
afterAll(async () => {
  await peer?.stop();
  await platform?.stop();
  rmSync(work, { recursive: true, force: true });
});

/** Why the two differ, or null; `outside` when it needs more than the runner's packages. */
async function compare(token: string, appId: string, slug: string, example: Example, folder: string): Promise<string | null> {
  const started = await platform.call(`/api/apps/${appId}/deploy`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify({ files: example.files }),
  });
  if (started.status === 422 && /forbidden_import|unknown_import|"import/.test(started.text)) return "outside";
  if (started.status !== 202) return `deploy answered ${started.status}: ${started.text}`;
  const failure = await platform.settled(token, (started.json() as { deploymentId: string }).deploymentId).then(
    () => null,
    (error: Error) => error.message,
  );
  for (const [path, content] of Object.entries(example.files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), typeof content === "string" ? content : Buffer.from(content.base64, "base64"));
  }
  const port = await freePort();
  const served = await peer.serve({ folder, port, target: "app:app", factory: false, env: {} }).then(
    () => true,
    () => false,
  );
  // Some show an error on purpose, or need a folder that the reader makes: they must fail here as there.
  if (failure || !served) return failure && !served ? null : (failure ?? "it starts here, and not under uvicorn");
  const host = `${slug}.localhost:${platform.port}`;
  const brokenOff = { status: 0, headers: {}, body: Buffer.alloc(0), text: "broken off", json: () => null };
  const both = (path: string, sent: object) =>
    Promise.all([platform.port, port].map((to) => send(to, host, path, sent).catch(() => brokenOff))) as Promise<[Answer, Answer]>;
  const [document] = await both("/openapi.json", {});
  const calls = [
    { method: "GET", path: "/openapi.json" },
    { method: "GET", path: "/" },
    ...(document.status === 200 ? callsOf(document.json()) : []),
  ];
  for (const call of calls) {
    const body =
      "body" in call
        ? { body: call.body, headers: { "content-type": "application/json", "content-length": String(call.body!.length) } }
        : {};
    const [here, there] = await both(call.path, { method: call.method, ...body, timeoutMs: 5_000 });
    const sameBody = example.name in randomExamples || here.body.equals(there.body);
    if (here.status !== there.status || !sameBody || here.headers["content-type"] !== there.headers["content-type"]) {
      return `${call.method} ${call.path}: ${here.status} ${here.text.slice(0, 200)} instead of ${there.status} ${there.text.slice(0, 200)}`;
    }
  }
  return null;
}

test("at least 98 % of FastAPI's documentation examples deploy and agree with plain uvicorn", { timeout: 1_800_000 }, async (context) => {
  // Fetched once into the cache; a machine that reaches no registry has nothing to compare.
  if (missing) context.skip(missing);
  const { token } = await platform.signUp();
  const app = await platform.api<{ id: string; slug: string }>(token, "POST", "/api/apps", {
    name: "docs",
    code: "from fastapi import FastAPI\napp = FastAPI()\n",
    database: null,
  });
  const differing: Record<string, string> = {};
  let compared = 0;
  for (const [index, example] of examples.entries()) {
    const folder = join(work, String(index));
    mkdirSync(folder);
    const ask = () => compare(token, app.id, app.slug, example, folder).catch((error: Error) => `failed: ${error.message}`);
    const first = await ask();
    if (first === "outside") continue;
    // Two servers on a machine that is busy with other tests: what does not repeat was the machine. It is shown all the same.
    const difference = first && (await ask());
    if (first && !difference) console.info(`${example.name} differed once: ${first}`);
    compared += 1;
    if (difference) differing[example.name] = difference;
  }
  console.info(
    `${compared - Object.keys(differing).length} of ${compared} documentation examples agree; ${examples.length - compared} need packages that the runner has not.`,
  );
  expect(compared).toBeGreaterThan(300);
  expect(Object.entries(differing).filter(([name]) => !(name in explainedExamples))).toEqual([]);
  expect((compared - Object.keys(differing).length) / compared).toBeGreaterThanOrEqual(0.98);
});
