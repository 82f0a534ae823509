/** The administrator's commands against a platform of its own: while it runs, while it is stopped, and what is left of it afterwards. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startPlatform, type TestPlatform } from "./platform.ts";
import { waitFor } from "./wait.ts";

const root = join(import.meta.dirname, "..");
const secretApp = `import os
from fastapi import FastAPI
from pymongo import MongoClient

app = FastAPI()

@app.get("/")
def index():
    database = MongoClient(os.environ["PLATFORM_MONGO_URI"]).get_default_database()
    database.seen.insert_one({})
    return {"token": os.environ["TOKEN"], "seen": database.seen.count_documents({})}
`;

let platform: TestPlatform;
let owner: { token: string; email: string };
let cookie: string;
let app: { id: string; slug: string };

beforeAll(async () => {
  platform = await startPlatform();
  owner = await platform.signUp("owner@example.com");
  cookie = (await signIn("owner@example.com", "correct horse battery")).cookie;
  app = await platform.api(owner.token, "POST", "/api/apps", { name: "Keeper", code: secretApp });
  await platform.api(owner.token, "PUT", `/api/apps/${app.id}/env`, { vars: [{ name: "TOKEN", value: "hunter2", secret: true }] });
  const { deploymentId } = await platform.api<{ deploymentId: string }>(owner.token, "POST", `/api/apps/${app.id}/deploy`, {});
  await platform.settled(owner.token, deploymentId);
}, 180_000);
afterAll(() => platform?.stop());

async function signIn(email: string, password: string): Promise<{ status: number; cookie: string }> {
  const answer = await platform.call("/api/auth/sign-in/email", {
    method: "POST",
    headers: { "content-type": "application/json", origin: platform.url },
    body: JSON.stringify({ email, password }),
  });
  return { status: answer.status, cookie: (answer.headers["set-cookie"] ?? []).map((one) => one.split(";")[0]).join("; ") };
}

const me = (session: string) => platform.call("/api/me", { headers: { cookie: session } });
const keys = async () => (await readFile(join(platform.dataDir, "secret.key"), "utf8")).trim().split("\n");

/** Runs one of our commands as npm would, on the platform's folder. */
async function run(
  script: string,
  rest: string[] = [],
  settings: Record<string, string> = {},
): Promise<{ code: number; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [join(root, "scripts/run-pinned.mjs"), `scripts/${script}.ts`, ...rest], {
    cwd: root,
    env: { ...process.env, FP_TEST_MONGO_URL: "", DATA_DIR: platform.dataDir, ...settings },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const output = { stdout: "", stderr: "" };
  child.stdout.on("data", (chunk: Buffer) => (output.stdout += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (output.stderr += chunk.toString()));
  const [code] = (await once(child, "close")) as [number];
  return { code, ...output };
}

/** Puts the app to sleep, so that its next request needs its variables and its database's password opened again. */
async function callAfterSleep(): Promise<unknown> {
  await platform.api(owner.token, "POST", `/api/apps/${app.id}/sleep`);
  await waitFor("the app sleeps", async () => (await platform.api(owner.token, "GET", `/api/apps/${app.id}`))["status"] === "sleeping");
  const answer = await platform.callApp(app.slug, "/");
  expect(answer.status, answer.text).toBe(200);
  return answer.json();
}

test("while it runs, secrets are rotated under it: apps wake with them, and nobody is signed out", async () => {
  expect(await platform.callApp(app.slug, "/").then((answer) => answer.json())).toMatchObject({ token: "hunter2" });
  const [before] = await keys();
  const rotated = await run("secrets-rotate");
  expect(rotated, rotated.stderr).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/new key was put first[\s\S]*Encrypted anew: 2\./),
  });
  expect(await keys()).toEqual([expect.not.stringContaining(before!), before]);
  expect(await callAfterSleep()).toMatchObject({ token: "hunter2" });
  expect((await me(cookie)).status).toBe(200);
  // What is saved now is under the new key, so the next rotation has nothing left over from this one.
  await platform.api(owner.token, "PUT", `/api/apps/${app.id}/env`, { vars: [{ name: "TOKEN", value: "hunter3", secret: true }] });
  expect((await run("secrets-rotate")).stdout).toMatch(/new key was put first/);
  expect(await keys()).toHaveLength(3);
});

test("while it runs, an account becomes an administrator with a new password, and its sessions end", async () => {
  const { email } = await platform.signUp("second@example.com");
  const session = await signIn(email, "correct horse battery");
  expect((await me(session.cookie)).json()).toMatchObject({ role: "user" });
  const reset = await run("admin-reset", [email]);
  expect(reset, reset.stderr).toMatchObject({ code: 0 });
  const password = /^ {2}(\S{20})$/m.exec(reset.stdout)![1]!;
  expect((await me(session.cookie)).status).toBe(401);
  expect((await signIn(email, "correct horse battery")).status).toBe(401);
  expect((await me((await signIn(email, password)).cookie)).json()).toMatchObject({ email, role: "admin" });
  expect((await me(cookie)).status).toBe(200);
});

test("what is asked wrongly is refused in one line", async () => {
  expect(await run("admin-reset")).toMatchObject({ code: 1, stdout: "", stderr: "Whose password? npm run admin:reset -- <email>\n" });
  expect(await run("admin-reset", ["nobody@example.com"])).toMatchObject({
    code: 1,
    stdout: "",
    stderr: expect.stringContaining("Admins are: owner@example.com"),
  });
  const empty = await mkdtemp(join(tmpdir(), "fp-none-"));
  try {
    const missing = await run("secrets-rotate", [], { DATA_DIR: join(empty, "absent") });
    expect(missing).toMatchObject({ code: 1, stderr: expect.stringMatching(/^There is no platform in .*absent/) });
  } finally {
    await rm(empty, { recursive: true });
  }
});

test("while it is stopped both work too, and the next start finds everything", async () => {
  await platform.kill();
  const [reset, rotated] = [await run("admin-reset", ["owner@example.com"]), await run("secrets-rotate")];
  expect(reset, reset.stderr).toMatchObject({ code: 0 });
  expect(rotated, rotated.stderr).toMatchObject({ code: 0, stdout: expect.stringContaining("new key was put first") });
  await platform.restart();
  expect((await me(cookie)).status).toBe(401);
  const signedIn = await signIn("owner@example.com", /^ {2}(\S{20})$/m.exec(reset.stdout)![1]!);
  expect((await me(signedIn.cookie)).json()).toMatchObject({ email: "owner@example.com", role: "admin" });
  const answer = await platform.callApp(app.slug, "/");
  expect(answer.status, answer.text).toBe(200);
  expect(answer.json()).toMatchObject({ token: "hunter3" });
});
