/** A full disk: writes are refused with the reason, reading and running apps go on, and all works again when there is room. */
import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";
import { appendFile, mkdtemp, statfs, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, type TestContext } from "vitest";
import { startPlatform, type TestPlatform } from "../platform.ts";
import { waitFor } from "../wait.ts";
import { notesApp } from "./load.ts";

const MiB = 1024 * 1024;
const diskMiB = 320;

let disk: string;
/** Why there is no small disk to fill here. */
let missing: string | undefined;
let platform: TestPlatform | undefined;
let token: string;

beforeAll(async () => {
  disk = await mkdtemp(join(tmpdir(), "fp-disk-"));
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${diskMiB}m`, "tmpfs", disk], { stdio: "pipe" });
  } catch (error) {
    missing = `a disk of its own cannot be mounted here (${(error as Error).message.trim().split("\n").at(-1)})`;
    return;
  }
  platform = await startPlatform({ DATA_DIR: join(disk, "data") });
  ({ token } = await platform.signUp());
}, 180_000);
afterAll(async () => {
  await platform?.stop();
  if (missing === undefined) execFileSync("umount", ["-l", disk]);
  rmSync(disk, { recursive: true, force: true });
}, 60_000);

const filler = (): string => join(disk, "filler");

/** Takes all room but so much. */
async function fillBut(leftMiB: number): Promise<void> {
  const { bavail, bsize } = await statfs(disk);
  await writeFile(filler(), Buffer.alloc(bavail * bsize - leftMiB * MiB));
}

/** The platform, or the end of a test that cannot be made here. */
function requirePlatform({ skip }: TestContext): TestPlatform {
  if (!platform) return skip(missing);
  return platform;
}

const send = (method: string, path: string, body?: unknown) =>
  platform!.call(path, {
    method,
    headers: { authorization: `Bearer ${token}`, ...(body === undefined ? {} : { "content-type": "application/json" }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });

test("with little room left: 507 with the reason for what would be stored, everything else goes on", async (context) => {
  const { deploy, callApp } = requirePlatform(context);
  const app = await deploy(token, "small disk", notesApp("small", "one"));
  const other = await deploy(token, "in the way", notesApp("way", "one"));
  await fillBut(24);
  const make = { name: "no room", files: notesApp("none", "one") };
  const refused = await waitFor("the platform notices", async () => {
    const answer = await send("POST", "/api/apps", make);
    return answer.status === 507 ? answer : send("DELETE", `/api/apps/${(answer.json() as { id: string }).id}`).then(() => null);
  });
  expect(refused.json()).toMatchObject({ code: "storage_full", detail: expect.stringMatching(/disk is full: \d+ MB are free/) });
  for (const [method, path, body] of [
    ["PUT", `/api/apps/${app.id}/draft`, { files: notesApp("small", "two") }],
    ["POST", `/api/apps/${app.id}/deploy`, {}],
    ["PUT", `/api/apps/${app.id}/env`, { vars: [{ name: "A", value: "b", secret: false }] }],
  ] as const)
    expect((await send(method, path, body)).status, `${method} ${path}`).toBe(507);
  expect((await send("GET", `/api/apps/${app.id}`)).status).toBe(200);
  expect((await callApp(app.slug, "/")).json()).toBe("one");
  expect((await callApp(app.slug, "/notes/k1", { method: "POST" })).status).toBe(200);
  await send("POST", `/api/apps/${app.id}/sleep`);
  expect((await callApp(app.slug, "/notes")).json()).toEqual(["k1"]);
  expect((await send("DELETE", `/api/apps/${other.id}`)).status).toBeLessThan(300);
  rmSync(filler());
  await waitFor("there is room again", async () => (await send("POST", "/api/apps", make)).status === 201);
});

test("with none left at all, nothing acknowledged is lost, and everything works again without a restart", async (context) => {
  const { deploy, callApp } = requirePlatform(context);
  const app = await deploy(token, "full disk", notesApp("full", "one"));
  const acknowledged: string[] = [];
  const insert = async (key: string): Promise<boolean> => {
    const { status } = await callApp(app.slug, `/notes/${key}`, { method: "POST", timeoutMs: 60_000 });
    if (status === 200) acknowledged.push(key);
    return status === 200;
  };
  expect(await insert("before")).toBe(true);
  await fillBut(1);
  await appendFile(filler(), Buffer.alloc(2 * MiB)).catch(() => undefined);
  // The server's log was allocated beforehand: it takes some of it before the disk is met.
  for (let count = 0; count < 4_000 && (await insert(`k${count}-${"x".repeat(6_000)}`)); count += 1);
  expect((await callApp(app.slug, "/")).json()).toBe("one");
  rmSync(filler());
  await waitFor("the app stores again", () => insert(`after-${acknowledged.length}`), 90_000);
  await waitFor("the platform stores again", async () => (await send("POST", "/api/apps", { name: "room" })).status === 201, 60_000);
  const stored = (await callApp(app.slug, "/notes")).json() as string[];
  expect(acknowledged.filter((key) => stored.filter((each) => each === key).length !== 1)).toEqual([]);
}, 300_000);
