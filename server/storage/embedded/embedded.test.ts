import { spawn } from "node:child_process";
import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import mongoose from "mongoose";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { buildServer } from "./build.ts";
import { chooseServer, secantusBinary } from "./find.ts";
import { findStartTime, startDatabase, type RunningDatabase } from "./index.ts";
import { serverArguments } from "./server-kinds.ts";

let dataDir: string;
let database: RunningDatabase | undefined;
const lines: string[] = [];
const cacheDir = join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "fastapi-platform");

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "fp-embedded-"));
  lines.length = 0;
});
afterEach(async () => {
  await database?.stop();
  database = undefined;
  await rm(dataDir, { recursive: true, force: true });
});

test("nobody gets in without the password, which only the owner can read", async () => {
  database = await start();
  await expect(insert(database.url.replace(/\/\/[^@]+@/, "//").replace("&authSource=admin", ""))).rejects.toThrow(/auth/i);
  await insert(database.url);
  expect((await stat(join(dataDir, "mongo/root.json"))).mode & 0o777).toBe(0o600);
});

test("killed, it comes back on its port with every acknowledged write", async () => {
  database = await start();
  await insert(database.url);
  const { url, pid } = database;
  process.kill(pid!, "SIGKILL");
  await vi.waitFor(() => expect(lines.join("\n")).toContain("answers again"), { timeout: 15_000, interval: 20 });
  expect(database.pid).not.toBe(pid);
  expect(await count(url)).toBe(1);
});

test("a server that was left behind, in no file and busy with a query, is ended in a moment and not waited for", async () => {
  database = await start();
  const { url, port } = { url: database.url, port: Number(new URL(database.url).port) };
  await insert(url);
  await database.stop();
  const left = spawn(
    secantusBinary(cacheDir),
    serverArguments({ kind: "secantusd", binary: "", port, storagePath: join(dataDir, "mongo/secantusd"), keyFile: "" }),
    { stdio: "ignore" },
  );
  const client = new mongoose.mongo.MongoClient(url, { serverSelectionTimeoutMS: 5_000 });
  try {
    await vi.waitFor(() => client.db("admin").command({ ping: 1 }), { timeout: 15_000 });
    // What a platform has open at all times, and what the server's orderly end waits for.
    const stream = client.db("here").collection("things").watch([], { maxAwaitTimeMS: 30_000 });
    const heard = stream.tryNext().catch(() => null);
    await client.db("here").collection("things").insertOne({ at: 2 });
    const startedAt = performance.now();
    database = await start();
    expect(performance.now() - startedAt).toBeLessThan(10_000);
    expect(findStartTime(left.pid!)).toBeNull();
    expect(await count(database.url)).toBe(2);
    await stream.close().catch(() => undefined);
    await heard;
  } finally {
    left.kill("SIGKILL");
    await client.close();
  }
});

test("stopped and started again, it has the same password and the same data", async () => {
  database = await start();
  const { url, pid } = database;
  await insert(url);
  await database.stop();
  expect(findStartTime(pid!)).toBeNull();
  database = await start();
  expect(database.url).toBe(url);
  expect(await count(database.url)).toBe(1);
});

test("a start that was killed between writing the password and setting it is carried on", async () => {
  await mkdir(join(dataDir, "mongo"));
  await writeFile(
    join(dataDir, "mongo/root.json"),
    JSON.stringify({ username: "platform", password: "written-but-never-set", accepted: false }),
  );
  database = await start();
  expect(database.url).toContain("written-but-never-set");
  await insert(database.url);
});

test("MONGO_URL is taken as it is, and named without its password", async () => {
  const url = "mongodb://me:secret@db.example:27017,other.example/?replicaSet=x";
  database = await start({ MONGO_URL: url });
  expect(database).toMatchObject({ url, pid: undefined, description: "db.example:27017,other.example (MONGO_URL)" });
});

test("the order: MONGOD, mongod on PATH, the built server, fetching one; data decides before all", async () => {
  const bin = await executable("bin/mongod");
  const named = await executable("named/mongod");
  const built = await executable(`cache/${secantusBinary("").replace(/^\//, "")}`);
  const PATH = join(dataDir, "bin");
  const cache = join(dataDir, "cache");
  const choose = (environment: NodeJS.ProcessEnv, existing: "mongod" | "secantusd" | null = null, cached = cache) =>
    chooseServer({ environment, cacheDir: cached, existing });
  expect(await choose({ PATH, MONGOD: named })).toMatchObject({ kind: "mongod", binary: named });
  expect(await choose({ PATH })).toMatchObject({ kind: "mongod", binary: bin });
  expect(await choose({ PATH: "" })).toMatchObject({ kind: "secantusd", binary: built });
  expect(await choose({ PATH: "" }, null, "/nowhere")).toEqual({ kind: "fetch" });
  expect(await choose({ PATH: "" }, "secantusd", "/nowhere")).toEqual({ kind: "build" });
  expect(await choose({ PATH }, "secantusd")).toMatchObject({ kind: "secantusd", why: "its data is in the data folder" });
  await expect(choose({ PATH: "" }, "mongod")).rejects.toThrow("not on PATH any more");
  await expect(choose({ PATH, MONGOD: "/nowhere/mongod" })).rejects.toThrow("MONGOD names /nowhere/mongod");
});

test("without the tools to build one, the error lists every way and the line that installs them", async () => {
  const failure = buildServer(join(dataDir, "cache"), { PATH: "" }, () => undefined, new AbortController().signal);
  await expect(failure).rejects.toThrow(
    /MONGO_URL=[\s\S]*MONGOD=[\s\S]*Rust \(https:\/\/rustup\.rs\), apt-get install -y cmake, apt-get install -y build-essential/,
  );
});

test("a build reports its progress, and is whole or not there", async () => {
  // A stand-in for cargo: the real build takes five minutes. It speaks cargo's lines and writes where cargo would.
  const bin = join(dataDir, "tools");
  await executable("tools/cmake");
  await executable("tools/cc");
  await executable(
    "tools/cargo",
    `#!/bin/sh\necho "   Compiling libc v1" >&2; echo "   Compiling bson v2" >&2\nwhile [ "$1" != "--root" ]; do shift; done\nmkdir -p "$2/bin"; echo server > "$2/bin/secantusd-rs"; exit "\${FAIL:-0}"`,
  );
  const seen: number[] = [];
  const build = (extra: NodeJS.ProcessEnv) =>
    buildServer(
      join(dataDir, "cache"),
      { PATH: `${bin}:/usr/bin:/bin`, ...extra },
      ({ fraction }) => fraction && seen.push(fraction),
      new AbortController().signal,
    );
  await expect(build({ FAIL: "101" })).rejects.toThrow(/Compiling bson v2[\s\S]*MONGO_URL/);
  await expect(stat(secantusBinary(join(dataDir, "cache")))).rejects.toThrow("ENOENT");
  expect(await readFile(await build({}), "utf8")).toBe("server\n");
  expect(seen.length).toBeGreaterThan(1);
});

test("mongod is started with passwords on, on loopback, as a replica set", () => {
  const given = serverArguments({ kind: "mongod", binary: "mongod", port: 4711, storagePath: "/d", keyFile: "/k" });
  expect(given.join(" ")).toBe(
    "--bind_ip 127.0.0.1 --port 4711 --dbpath /d --nounixsocket --replSet fp --auth --keyFile /k --wiredTigerCacheSizeGB 0.25 --quiet",
  );
});

test("a mongod gets its password and keeps its data folder, also when it is not on PATH any more", async () => {
  // A stand-in with mongod's command line before the server that can be had here; it already speaks as a replica set of one.
  const mongod = await executable(
    "bin/mongod",
    `#!/bin/sh\nwhile [ $# -gt 0 ]; do case "$1" in --port) port="$2";; --dbpath) path="$2";; esac; shift; done\nexec "${secantusBinary(cacheDir)}" --host 127.0.0.1 --port "$port" --storage-path "$path" --auth --sync-on-commit --log-file-max 16MB --cache-size 128M`,
  );
  database = await start({ MONGOD: mongod });
  expect(database.description).toMatch(/^mongod on 127\.0\.0\.1:\d+, because MONGOD names it$/);
  await insert(database.url);
  await database.stop();
  await expect(start()).rejects.toThrow("The data folder was written by mongod");
  database = await start({ PATH: `${join(dataDir, "bin")}:${process.env["PATH"]}` });
  expect(await count(database.url)).toBe(1);
});

test("a server that cannot start is given up with its last words", async () => {
  const broken = await executable("broken/mongod", "#!/bin/sh\necho 'the disk is on fire'; exit 7");
  await expect(start({ MONGOD: broken })).rejects.toThrow(/ended \(exit code 7\):\n.*the disk is on fire/);
});

function start(extra: NodeJS.ProcessEnv = {}): Promise<RunningDatabase> {
  const { MONGO_URL: _given, ...environment } = process.env;
  return startDatabase({
    dataDir,
    cacheDir,
    environment: { ...environment, ...extra },
    progress: () => undefined,
    log: (line) => lines.push(line),
    signal: new AbortController().signal,
  });
}

async function executable(path: string, text = "#!/bin/sh\n"): Promise<string> {
  const full = join(dataDir, path);
  await mkdir(join(full, ".."), { recursive: true });
  await writeFile(full, text);
  await chmod(full, 0o755);
  return full;
}

async function withThings<Result>(url: string, use: (things: mongoose.mongo.Collection) => Promise<Result>): Promise<Result> {
  const client = new mongoose.mongo.MongoClient(url, { maxPoolSize: 1, serverSelectionTimeoutMS: 5_000 });
  try {
    return await use(client.db("here").collection("things"));
  } finally {
    await client.close();
  }
}

const insert = (url: string) => withThings(url, (things) => things.insertOne({ at: 1 }));
const count = (url: string) => withThings(url, (things) => things.countDocuments());
