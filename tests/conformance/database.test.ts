/** An app's way to its database: by its own socket, with its own credentials, counted and capped. */
import { existsSync, mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import mongoose from "mongoose";
import { expect, it } from "vitest";
import { createLocalRuntime, type LocalRuntime } from "#server/runtime/local/index.ts";
import { createWorld } from "./world.ts";

const python = process.env["FP_PYTHON"];
const sandboxes = process.platform === "linux" && existsSync("/usr/bin/bwrap");

const code = `
import os
from fastapi import FastAPI
from pymongo import MongoClient
app = FastAPI()
client = MongoClient(os.environ["PLATFORM_MONGO_URI"])

@app.get("/")
def root():
    notes = client.get_default_database()["notes"]
    notes.insert_one({"text": "x" * 10000})
    return notes.count_documents({})

@app.get("/other")
def other():
    try:
        return client["admin"]["system.users"].count_documents({})
    except Exception as error:
        return type(error).__name__

@app.get("/flood")
def flood():
    import socket
    kept, refused = [], 0
    for _ in range(80):
        s = socket.socket(socket.AF_UNIX)
        s.settimeout(0.02)
        s.connect("/run/fp/mongo.sock")
        kept.append(s)
    for s in kept:
        try:
            refused += s.recv(1) == b""
        except TimeoutError:
            pass
    return refused
`;

it.runIf(python && sandboxes)("reaches its own database, and no more of the server than its share", async () => {
  const url = new URL(process.env["FP_TEST_MONGO_URL"]!);
  const admin = await mongoose.createConnection(url.href).asPromise();
  const name = `conformance_${process.pid}`;
  const dataDir = mkdtempSync(join(tmpdir(), "fp-"));
  await admin.useDb(name).db!.command({ createUser: name, pwd: "p@ss/word", roles: [{ role: "readWrite", db: name }] });
  let local: LocalRuntime | undefined;
  const world = await createWorld(async (specOf) => {
    local = createLocalRuntime({
      dataDir,
      python: python!,
      runnerDir: join(import.meta.dirname, "../../runner"),
      warmPool: 1,
      mongo: { address: () => ({ host: url.hostname, port: Number(url.port) }) },
      specOf,
      logger: { info: () => {}, warn: () => {} },
    });
    return { runtime: local, outsidePort: 0, secretPaths: [], close: async () => {} };
  });
  try {
    const { error } = await world.deploy("notes", { "app.py": code }, { database: { name, username: name, password: "p@ss/word" } });
    expect(error).toBeNull();
    expect(await world.call("notes", "/")).toEqual({ status: 200, text: "1" });
    await world.runtime.sleep("notes");
    await world.runtime.wake("notes");
    expect((await world.call("notes", "/")).text).toBe("2");
    expect((await world.call("notes", "/other")).text).toBe('"OperationFailure"');
    expect(local!.databaseBytes("notes").in).toBeGreaterThan(20_000);
    expect(Number((await world.call("notes", "/flood")).text)).toBeGreaterThanOrEqual(30);
    expect((await world.call("notes", "/")).status).toBe(200);
  } finally {
    await world.close();
    await admin.useDb(name).dropDatabase();
    await admin.useDb(name).db!.command({ dropUser: name });
    await admin.close();
    await rm(dataDir, { recursive: true, force: true });
  }
});
