/** A platform that is killed at any named step comes back clean: nothing half-made, nothing lost, nothing done twice. */
import { readdirSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { failpointNames, type FailpointName } from "#server/storage/index.ts";
import { startPlatform, type TestPlatform } from "./platform.ts";
import { waitFor } from "./wait.ts";

const answering = (text: string) => `from fastapi import FastAPI\napp = FastAPI()\n@app.get("/")\ndef root():\n    return "${text}"\n`;

let platform: TestPlatform;
let token: string;
/** Names the place where the platform dies; read each time it comes to one. */
let armed: string;
beforeAll(async () => {
  armed = join(await mkdtemp(join(tmpdir(), "fp-crash-")), "failpoint");
  await writeFile(armed, "");
  platform = await startPlatform({ FP_FAILPOINT: armed });
  ({ token } = await platform.signUp());
}, 180_000);
afterAll(async () => {
  await platform?.stop();
  await rm(dirname(armed), { recursive: true, force: true });
});

interface AppView {
  id: string;
  slug: string;
  status: string;
  liveVersion: number | null;
  lastDeployment: { id: string; state: string } | null;
}
const read = (id: string) => platform.api<AppView>(token, "GET", `/api/apps/${id}`);
const versions = async (id: string) =>
  (await platform.api<{ items: { number: number }[] }>(token, "GET", `/api/apps/${id}/versions`)).items.map((version) => version.number);
const answer = async (slug: string) => (await platform.callApp(slug, "/")).json();

/** What each of the platform's failpoints is tested by; one that is in no list fails a test. */
const points = {
  deploy: ["deploy-recorded", "deploy-before-commit", "deploy-after-commit", "deploy-version-written", "deploy-switched", "deploy-written"],
  delete: ["delete-marked", "delete-runtime-removed", "delete-data-removed", "delete-done"],
  wake: ["wake-begun", "wake-loaded", "wake-served", "wake-announced", "wake-written"],
  sleep: ["sleep-begun", "sleep-announced", "sleep-written", "sleep-drained"],
  make: ["app-created", "database-recorded"],
} as const satisfies Record<string, readonly FailpointName[]>;

test("every failpoint is reached by one of these tests", () => {
  expect(Object.values(points).flat().toSorted()).toEqual([...failpointNames].toSorted());
});

/** Arms `failpoint`, does `act`, waits for the death it causes, and starts the platform again. */
async function dieAt(failpoint: FailpointName, act: () => Promise<unknown>): Promise<void> {
  await writeFile(armed, failpoint);
  await act().catch(() => undefined);
  await platform.ended();
  await writeFile(armed, "");
  await platform.restart();
}

test.each(points.deploy)("killed at %s, the old or the new version is live, whole, and the next deployment goes on", async (failpoint) => {
  const app = await platform.deploy(token, failpoint, { "app.py": answering("one") });
  expect(await answer(app.slug)).toBe("one");
  await dieAt(failpoint, async () => {
    await platform.api(token, "POST", `/api/apps/${app.id}/deploy`, { files: { "app.py": answering("two") } });
  });
  const after = await waitFor("the deployment is settled", async () => {
    const found = await read(app.id);
    return found.lastDeployment?.state === "running" ? null : found;
  });
  const committed = failpoint !== "deploy-recorded" && failpoint !== "deploy-before-commit";
  expect(after).toMatchObject({ liveVersion: committed ? 2 : 1, lastDeployment: { state: committed ? "succeeded" : "failed" } });
  expect(await versions(app.id)).toEqual(committed ? [2, 1] : [1]);
  expect(await answer(app.slug)).toBe(committed ? "two" : "one");
  const { deploymentId } = await platform.api<{ deploymentId: string }>(token, "POST", `/api/apps/${app.id}/deploy`, {
    files: { "app.py": answering("three") },
  });
  await platform.settled(token, deploymentId);
  expect(await answer(app.slug)).toBe("three");
  expect((await read(app.id)).liveVersion).toBe(committed ? 3 : 2);
});

test.each(points.delete)("killed at %s, the deletion is ended after the restart", async (failpoint) => {
  const app = await platform.deploy(token, failpoint, { "app.py": answering("gone") });
  await dieAt(failpoint, () => platform.api(token, "DELETE", `/api/apps/${app.id}`));
  expect((await platform.call(`/api/apps/${app.id}`, { headers: { authorization: `Bearer ${token}` } })).status).toBe(404);
  await waitFor("its name is free again", async () => {
    const again = await platform.api<AppView>(token, "POST", "/api/apps", { name: failpoint, code: answering("again") });
    await platform.api(token, "DELETE", `/api/apps/${again.id}`);
    return again.slug === app.slug;
  });
});

test.each([...points.wake, ...points.sleep])("killed at %s, the app sleeps after the restart and wakes on request", async (failpoint) => {
  const app = await platform.deploy(token, failpoint, { "app.py": answering("awake") });
  const sleep = () => platform.api(token, "POST", `/api/apps/${app.id}/sleep`);
  if (failpoint.startsWith("wake")) {
    await sleep();
    await waitFor("it sleeps", async () => (await read(app.id)).status === "sleeping");
    await dieAt(failpoint, () => answer(app.slug));
  } else await dieAt(failpoint, sleep);
  expect((await read(app.id)).status).toBe("sleeping");
  expect(await answer(app.slug)).toBe("awake");
});

test("killed while it makes an app or its owner's first database, both are whole or absent", async () => {
  for (const [index, failpoint] of points.make.entries()) {
    const owner = await platform.signUp(`${failpoint}@example.com`);
    await dieAt(failpoint, () => platform.api(owner.token, "POST", "/api/apps", { name: `half ${index}`, code: answering("x") }));
    const app = await platform.deploy(owner.token, `whole ${index}`, {
      "app.py": `import os, pymongo\nfrom fastapi import FastAPI\napp = FastAPI()\ndb = pymongo.MongoClient(os.environ["PLATFORM_MONGO_URI"]).get_default_database()\n@app.get("/")\ndef root():\n    db.notes.insert_one({"a": 1})\n    return db.notes.count_documents({})\n`,
    });
    expect(await answer(app.slug)).toBe(1);
  }
});

test("after a kill -9 no runner, socket or folder of the old process is left", async () => {
  const app = await platform.deploy(token, "left over", { "app.py": answering("still here") });
  expect(await answer(app.slug)).toBe("still here");
  const folders = () => readdirSync(join(platform.dataDir, "run")).filter((name) => /^[0-9a-f]{16}$/.test(name));
  const before = folders();
  expect(before.length).toBeGreaterThan(0);
  await platform.kill();
  await platform.restart();
  expect(folders().filter((name) => before.includes(name))).toEqual([]);
  expect((await read(app.id)).status).toBe("sleeping");
  expect(await answer(app.slug)).toBe("still here");
  expect((await read(app.id)).status).toBe("running");
});
