/** Apps as ZIPs over the API: what comes out goes in again, and what is wrong is told. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { unpackApp } from "#core/app-archive.ts";
import { buildZip, packedZeros } from "../zips.ts";
import { createApiWorld, type ApiWorld } from "./world.ts";

const type = "application/zip";
const files = {
  "app.py": "from fastapi import FastAPI\napp = FastAPI()\n",
  "lib/__init__.py": "",
  "static/logo.png": { base64: "iVBORwA=" },
};
const asFile = (zip: Uint8Array<ArrayBuffer>) => new File([zip], "x.zip", { type });

let world: ApiWorld;
let app: { id: string; slug: string };
beforeAll(async () => {
  world = await createApiWorld();
  app = await world.owner.client("createApp", { body: { name: "Ärger & Co", files, description: "for trying" } });
  const vars = [
    { name: "GREETING", value: "hi ${you}", secret: false },
    { name: "KEY", value: "hidden-value", secret: true },
  ];
  await world.owner.client("putEnv", { params: { app: app.id }, body: { vars } });
  await world.owner.client("updateApp", { params: { app: app.id }, body: { sleepAfterMinutes: 33 } });
}, 60_000);
afterAll(() => world?.[Symbol.asyncDispose]());

/** As a script does it: bytes and headers. */
const send = (body: BodyInit, headers: Record<string, string> = {}) =>
  fetch(`http://127.0.0.1:${world.platform.port}/api/apps/import`, {
    method: "POST",
    headers: { authorization: `Bearer ${world.owner.token}`, ...headers },
    body,
  });
const count = async () => (await world.owner.client("listApps", { query: { limit: 200 } })).items.length;

test("an exported app is imported with its files, settings and variables, and without its secrets", async () => {
  const zip = await world.owner.client("exportApp", { params: { app: app.slug } });
  expect([zip.name, zip.type]).toEqual([`${app.slug}.zip`, type]);
  const bytes = await zip.bytes();
  expect(Buffer.from(bytes).includes("hidden-value")).toBe(false);
  expect(JSON.stringify(unpackApp(bytes))).not.toContain("hidden-value");

  const call = world.stranger.client;
  const made = await call("importApp", { body: zip });
  expect(made).toMatchObject({ name: "Ärger & Co", description: "for trying", sleepAfterMinutes: 33, framework: "fastapi" });
  expect(made).toMatchObject({
    status: "stopped",
    liveVersion: null,
    missingValues: ["KEY"],
    leftOut: [],
    database: { name: expect.any(String) },
  });
  expect((await call("getApp", { params: { app: made.id } })).files).toEqual(files);
  expect((await call("getEnv", { params: { app: made.id } })).vars).toEqual([
    { name: "GREETING", value: "hi ${you}", secret: false },
    // Empty, and said so: there is nothing to hide yet.
    { name: "KEY", value: "", secret: true },
  ]);
  // The same again, but for what differs from app to app.
  const { bytes: again } = await call("exportApp", { params: { app: made.id } }).then(async (file) => ({ bytes: await file.bytes() }));
  expect(unpackApp(again)).toEqual(unpackApp(bytes));
});

test("the draft is exported unless the live version is asked for, which must be there", async () => {
  await expect(world.owner.client("exportApp", { params: { app: app.id }, query: { from: "deployed" } })).rejects.toMatchObject({
    code: "not_deployed",
  });
  const { deploymentId } = await world.owner.client("deployApp", { params: { app: app.id } });
  await world.platform.settled(world.owner.token, deploymentId);
  const draft = { "app.py": `${files["app.py"]}# newer\n` };
  await world.owner.client("saveDraft", { params: { app: app.id }, body: { files: draft } });
  const filesOf = async (query: { from?: "draft" | "deployed" }) =>
    unpackApp(await (await world.owner.client("exportApp", { params: { app: app.id }, query })).bytes());
  expect(await filesOf({ from: "deployed" })).toMatchObject({ files });
  expect(await filesOf({})).toMatchObject({ files: draft });
});

test("any project's ZIP is an app when its entrypoint is there, as bytes or as a form, once for a key", async () => {
  const zip = buildZip([
    { name: "shop-main/main.py", content: files["app.py"] },
    { name: "shop-main/.git/HEAD", content: "x" },
  ]);
  const raw = await send(zip, { "content-type": type, "idempotency-key": "import-1" });
  const made = (await raw.json()) as { id: string };
  expect([raw.status, made]).toEqual([
    201,
    expect.objectContaining({ entrypoint: "main.py", leftOut: ["shop-main/.git/"], framework: "fastapi" }),
  ]);
  const form = new FormData();
  form.set("file", new File([zip], "shop main (1).zip", { type: "application/x-zip-compressed" }));
  // Another boundary, the same file: it was done already.
  const same = await send(form, { "idempotency-key": "import-1" });
  expect([same.status, same.headers.get("idempotency-replayed"), await same.json()]).toEqual([201, "true", made]);
  const other = await send(buildZip([{ name: "app.py" }]), { "content-type": type, "idempotency-key": "import-1" });
  expect([other.status, await other.json()]).toEqual([422, expect.objectContaining({ code: "invalid_request" })]);
  expect(await (await send(form)).json()).toMatchObject({ name: "shop main" });
});

test("a refused ZIP makes nothing and says why of each file; what is no ZIP, or too much, is told by its status", async () => {
  const before = await count();
  const refusal = async (zip: Uint8Array<ArrayBuffer>) => {
    const error: unknown = await world.owner.client("importApp", { body: asFile(zip) }).then(
      () => null,
      (thrown: unknown) => thrown,
    );
    return error as { code: string; message: string; problems: { file?: string; path?: string; message: string }[] };
  };
  expect(await refusal(buildZip([{ name: "app.py" }, { name: "../x.py" }, { name: "a.exe" }]))).toMatchObject({
    code: "validation_failed",
    message: expect.stringContaining("leads out"),
    problems: [{ file: "../x.py" }],
  });
  expect((await refusal(buildZip([{ name: "app.py" }, { name: "a.exe" }, { name: "b.png" }]))).problems.map(({ file }) => file)).toEqual([
    "a.exe",
    "b.png",
  ]);
  const bomb = buildZip([{ name: "app.py" }, { name: "a.txt", packed: packedZeros(1_000_000_000), claimedBytes: 99_000 }]);
  expect((await refusal(bomb)).problems[0]!.message).toContain("not what the ZIP says");
  const env = (text: string) => buildZip([{ name: "app.py" }, { name: ".fp.yaml", content: text }]);
  expect((await refusal(env("env:\n  PATH: x\n"))).problems).toEqual([
    expect.objectContaining({ file: ".fp.yaml", message: expect.stringContaining("PATH is set by the platform") }),
  ]);
  expect((await refusal(env("name: x\nregion: eu\n"))).problems).toEqual([
    expect.objectContaining({ file: ".fp.yaml", line: 2, message: expect.stringContaining('"region" is not known') }),
  ]);
  expect(await refusal(new Uint8Array([1, 2]))).toMatchObject({
    code: "validation_failed",
    problems: [{ path: "file", message: "This is not a ZIP." }],
  });

  const statuses = async (...answers: Promise<Response>[]) =>
    Promise.all(answers.map(async (each) => [(await each).status, ((await (await each).json()) as { code: string }).code]));
  expect(
    await statuses(
      send(new Uint8Array(11_000_000), { "content-type": type }),
      send("{}", { "content-type": "application/json" }),
      send(new FormData()),
      send("--x\r\ngarbage", { "content-type": "multipart/form-data; boundary=y" }),
      send("", { "content-type": type }),
    ),
  ).toEqual([
    [413, "payload_too_large"],
    [415, "unsupported_media_type"],
    [400, "invalid_input"],
    [400, "invalid_input"],
    [422, "validation_failed"],
  ]);
  expect(await count()).toBe(before);
});

test("the document says that an import is a ZIP or a form, and an export a ZIP", async () => {
  const { paths } = (await world.platform.call("/api/openapi.json")).json() as { paths: Record<string, Record<string, never>> };
  expect(paths["/api/apps/import"]!["post"]).toMatchObject({
    requestBody: { content: { [type]: { schema: { format: "binary" } }, "multipart/form-data": { schema: { required: ["file"] } } } },
    responses: { "413": {}, "422": {} },
  });
  expect(paths["/api/apps/{app}/export"]!["get"]).toMatchObject({ responses: { "200": { content: { [type]: {} } } } });
});
