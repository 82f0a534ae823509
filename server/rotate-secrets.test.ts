import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../tests/database.ts";
import { waitFor } from "../tests/wait.ts";
import { createAppEnv } from "./apps/env.ts";
import { appModels } from "./apps/models.ts";
import { resealAppEnv } from "./apps/index.ts";
import { takeLockFile } from "./prepare/lock-file.ts";
import { databaseModel, passwordContext } from "./databases/models.ts";
import { rotateSecrets } from "./rotate-secrets.ts";
import { addSecret, connectStorage, createVault, ownKeyFile, type KeySource, type Storage, type Vault } from "./storage/index.ts";

let database: TestDatabase;
let storage: Storage;
let source: KeySource;
/** The vault of a platform that runs all the while. */
let running: Vault;

beforeEach(async () => {
  database = createTestDatabase();
  storage = await connectStorage(database.url);
  source = { secretKey: undefined, secretKeyFile: undefined, dataDir: mkdtempSync(join(tmpdir(), "fp-rotate-")) };
  running = createVault(source);
});
afterEach(async () => {
  await storage.close();
  await database[Symbol.asyncDispose]();
  rmSync(source.dataDir, { recursive: true });
});

const env = (vault = running) => createAppEnv(appModels(storage.connection), storage, vault);
const keysInFile = () => readFileSync(ownKeyFile(source.dataDir), "utf8").trim().split("\n");

async function recordDatabase(physicalName: string): Promise<void> {
  await databaseModel(storage.connection).create({
    ownerId: physicalName,
    name: "main",
    physicalName,
    default: true,
    username: physicalName,
    password: running.seal(`password of ${physicalName}`, passwordContext(physicalName)),
    state: "ready",
    createdAt: new Date(),
  });
}
const openPassword = async (vault: Vault, physicalName: string) =>
  vault.open((await databaseModel(storage.connection).findOne({ physicalName }).lean())!.password, passwordContext(physicalName));

async function fill(): Promise<void> {
  await env().replace("one", [
    { name: "PLAIN", value: "plain", secret: false },
    { name: "TOKEN", value: "hunter2", secret: true },
  ]);
  await env().replace("two", [{ name: "TOKEN", value: "other", secret: true }]);
  await recordDatabase("user_a");
  await recordDatabase("user_b");
}

/** Opens everything by the newest key alone: nothing depends on an older one any more. */
async function expectAllUnderNewest(): Promise<void> {
  const newest = createVault({ ...source, secretKey: keysInFile()[0] });
  expect(await env(newest).open("one")).toEqual({ PLAIN: "plain", TOKEN: "hunter2" });
  expect(await env(newest).open("two")).toEqual({ TOKEN: "other" });
  for (const name of ["user_a", "user_b"]) expect(await openPassword(newest, name)).toBe(`password of ${name}`);
}

test("everything sealed is under a new key afterwards, and a running platform reads and writes on", async () => {
  await fill();
  const [oldKey] = keysInFile();
  expect(await rotateSecrets(storage, source)).toEqual({ key: "added", resealed: 5, unreadable: [] });
  expect(keysInFile()).toEqual([expect.not.stringMatching(oldKey!), oldKey]);
  await expectAllUnderNewest();
  expect(await env().open("one")).toEqual({ PLAIN: "plain", TOKEN: "hunter2" });
  await env().replace("three", [{ name: "A", value: "b", secret: true }]);
  expect(await env(createVault({ ...source, secretKey: keysInFile()[0] })).open("three")).toEqual({ A: "b" });
});

test("a rotation that was cut off is finished by the next, which makes no further key", async () => {
  await fill();
  addSecret(source.dataDir);
  expect(await resealAppEnv(storage, createVault(source))).toEqual({ resealed: 3, unreadable: [] });
  // Here it was killed: variables are done, passwords are not.
  expect(await env().open("one")).toEqual({ PLAIN: "plain", TOKEN: "hunter2" });
  expect(await openPassword(running, "user_a")).toBe("password of user_a");
  expect(await rotateSecrets(storage, source)).toEqual({ key: "finished", resealed: 2, unreadable: [] });
  expect(keysInFile()).toHaveLength(2);
  await expectAllUnderNewest();
  expect(await rotateSecrets(storage, source)).toMatchObject({ key: "added", resealed: 5 });
  expect(keysInFile()).toHaveLength(3);
  await expectAllUnderNewest();
});

test("what owners save meanwhile is kept", async () => {
  await fill();
  const saves = (async () => {
    for (let round = 0; round < 30; round += 1) {
      await env().replace("one", [
        { name: "PLAIN", value: `plain ${round}`, secret: false },
        { name: "TOKEN", secret: true },
      ]);
    }
  })();
  await rotateSecrets(storage, source);
  await saves;
  expect(await env(createVault(source)).open("one")).toEqual({ PLAIN: "plain 29", TOKEN: "hunter2" });
  expect(await env(createVault(source)).open("two")).toEqual({ TOKEN: "other" });
});

test("a value that no key opens is named, left as it is, and keeps nothing else from being done", async () => {
  await fill();
  const stranger = createVault({ ...source, secretKey: "x".repeat(40) });
  await env(stranger).replace("lost", [{ name: "GONE", value: "?", secret: true }]);
  expect(await rotateSecrets(storage, source)).toEqual({ key: "added", resealed: 5, unreadable: ["env/lost/GONE"] });
  expect(await env(stranger).open("lost")).toEqual({ GONE: "?" });
  await expectAllUnderNewest();
});

test("keys of the user's own are not changed: the first of them seals everything", async () => {
  const [old, next] = ["o".repeat(40), "n".repeat(40)];
  await env(createVault({ ...source, secretKey: old })).replace("one", [{ name: "A", value: "1", secret: true }]);
  expect(await rotateSecrets(storage, { ...source, secretKey: `${next},${old}` })).toEqual({ key: "given", resealed: 1, unreadable: [] });
  expect(await env(createVault({ ...source, secretKey: next })).open("one")).toEqual({ A: "1" });
  expect(keysInFile()).toHaveLength(1);

  const file = join(source.dataDir, "given.key");
  writeFileSync(file, `${old}\n${next}\n`);
  expect(await rotateSecrets(storage, { ...source, secretKeyFile: file })).toEqual({ key: "given", resealed: 1, unreadable: [] });
  expect(readFileSync(file, "utf8")).toBe(`${old}\n${next}\n`);
});

test("without a key there is nothing to rotate, and none is made", async () => {
  rmSync(ownKeyFile(source.dataDir));
  await expect(rotateSecrets(storage, source)).rejects.toThrow(/nothing to rotate/);
});

/** The command itself, on this test's database and folder. */
function startCommand(): { child: ChildProcess; ended: Promise<{ code: number | null; output: string }> } {
  const child = spawn(process.execPath, [join(import.meta.dirname, "../scripts/secrets-rotate.ts")], {
    env: { ...process.env, MONGO_URL: database.url, DATA_DIR: source.dataDir },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
  return { child, ended: once(child, "close").then(([code]) => ({ code: code as number | null, output })) };
}

test("the command may be killed in the middle of its work and started again", async () => {
  await fill();
  // Enough that each of many writes is the one before the kill: a synced write takes about half a millisecond.
  const apps = Array.from({ length: 800 }, (_, index) => `app-${index}`);
  const { env: model } = appModels(storage.connection);
  await model.insertMany(
    apps.map((_id) => ({ _id, updatedAt: new Date(), vars: [{ name: "A", secret: true, value: running.seal(_id, `env/${_id}/A`) }] })),
  );
  const oldKeyId = running.newestKeyId();
  const countOld = () => model.countDocuments({ "vars.value.keyId": oldKeyId });

  const killed = startCommand();
  await waitFor("some values are under the new key", async () => (await countOld()) < 802);
  killed.child.kill("SIGKILL");
  await killed.ended;
  expect(await countOld()).toBeGreaterThan(0);
  expect(await env().open("app-0")).toEqual({ A: "app-0" });
  expect(await env().open("app-799")).toEqual({ A: "app-799" });

  expect(await startCommand().ended).toMatchObject({ code: 0, output: expect.stringContaining("An earlier rotation had been cut off") });
  expect(await countOld()).toBe(0);
  expect(keysInFile()).toHaveLength(2);
  await expectAllUnderNewest();
  const newest = env(createVault({ ...source, secretKey: keysInFile()[0] }));
  for (const app of apps) expect(await newest.open(app)).toEqual({ A: app });
});

test("the command does not begin while another rotation is under way", async () => {
  await takeLockFile(join(source.dataDir, "rotate.lock"));
  expect(await startCommand().ended).toEqual({ code: 1, output: `Another rotation is under way here (process ${process.pid}).\n` });
  expect(keysInFile()).toHaveLength(1);
});
