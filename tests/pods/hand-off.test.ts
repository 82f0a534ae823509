/** The platform's half of the hand-off against the pod's: the real runner, as a plain process. */
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { createServer as createHttpServer } from "node:http";
import mongoose from "mongoose";
import { afterEach, describe, expect, it } from "vitest";
import { createDoor, doorCredential } from "#server/door/index.ts";
import { createEgress } from "#server/egress/index.ts";
import { LoadFailure } from "#server/runtime/load-failure.ts";
import { handOff, HandOffRefused, type HandOffOptions } from "#server/runtime/kubernetes/hand-off.ts";
import { createTestDatabase } from "../database.ts";
import { waitFor } from "../wait.ts";
import { hello, poolKey, python, startPod, toClaim, type Pod, type PodOptions } from "./pod.ts";

const ending: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ending.splice(0).toReversed()) await end();
});

async function start(options?: PodOptions): Promise<Pod> {
  const pod = await startPod(options);
  ending.push(() => pod.close());
  return pod;
}

const warm = async (options?: PodOptions): Promise<Pod> => {
  const pod = await start(options);
  await pod.untilWarm();
  return pod;
};

const give = (pod: Pod, files: Record<string, unknown>, changes: Partial<HandOffOptions> & { claimed?: Record<string, unknown> } = {}) => {
  const { claimed, ...rest } = changes;
  return handOff({
    host: "127.0.0.1",
    port: pod.controlPort,
    uid: pod.uid,
    key: poolKey,
    claim: toClaim(files, claimed),
    signal: AbortSignal.timeout(60_000),
    ...rest,
  });
};

const failureOf = async (given: Promise<unknown>): Promise<LoadFailure> => {
  const error: unknown = await given.catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(LoadFailure);
  return error as LoadFailure;
};
const refusalOf = async (given: Promise<unknown>): Promise<string> => {
  const error: unknown = await given.catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(HandOffRefused);
  return (error as HandOffRefused).reason;
};

describe.skipIf(!python)("hand-off", () => {
  it("gives a pod its app once, and the app answers behind the system call filter", async () => {
    const pod = await warm();
    const code = `${hello}\n@app.get("/filter")\ndef filter():\n    return [line.split()[1] for line in open("/proc/self/status") if line.startswith("Seccomp:")]\n`;
    const said: string[] = [];
    const { report, readyMs } = await give(pod, { "app.py": code }, { onMessage: ({ type }) => said.push(type) });
    expect(report).toMatchObject({ ok: true, framework: "fastapi" });
    expect(said).toEqual(["loaded", "ready"]);
    expect(readyMs).toBeGreaterThan(0);
    expect(await (await pod.get("/")).json()).toBe("hello");
    expect(await (await pod.get("/filter")).json()).toEqual(["2"]);
    expect(await refusalOf(give(pod, { "app.py": hello }))).toBe("claimed");
    pod.kill("SIGTERM");
    expect(await pod.end()).toMatchObject({ code: 0, message: { kind: "exit", code: 0 } });
  });

  it("gives nothing to a pod that is not the one that was meant, nor takes a pod whose key is another", async () => {
    const pod = await warm();
    expect(await refusalOf(give(pod, { "app.py": hello }, { uid: "another" }))).toBe("unproven");
    expect(await refusalOf(give(pod, { "app.py": hello }, { key: "another" }))).toBe("unproven");
    expect(await pod.readiness()).toBe(200);
    await give(pod, { "app.py": hello });
  });

  it("waits for a pod that has only just been started", async () => {
    const pod = await start();
    expect((await give(pod, { "app.py": hello })).report.ok).toBe(true);
  });

  it("tells the author's mistakes as on one machine", async () => {
    const [broken, crashing, slow] = await Promise.all([warm(), warm(), warm()]);
    const missing = await failureOf(give(broken, { "app.py": "x = 1\nimport nothing_like_this\n" }));
    expect(missing.error).toMatchObject({ kind: "load", file: "app.py", line: 2 });
    expect(missing.report).toMatchObject({ ok: false });
    expect(await broken.end()).toMatchObject({ code: 3, message: { kind: "exit", code: 3, error: { kind: "load", line: 2 } } });

    const crash = "import os, sys, signal\nprint('last words', file=sys.stderr)\nos.kill(os.getpid(), signal.SIGSEGV)\n";
    const crashed = await failureOf(give(crashing, { "app.py": crash }));
    expect(crashed.error).toEqual({
      kind: "exit",
      type: "ProcessExit",
      message: "The app crashed in native code (SIGSEGV)",
      traceback: "last words",
    });
    expect(await crashing.end()).toMatchObject({ code: 139, message: { kind: "signal", signal: "SIGSEGV" } });

    const sleeping =
      "from contextlib import asynccontextmanager\nimport asyncio\nfrom fastapi import FastAPI\n@asynccontextmanager\nasync def lifespan(app):\n    await asyncio.sleep(60)\n    yield\napp = FastAPI(lifespan=lifespan)\n";
    const late = await failureOf(give(slow, { "app.py": sleeping }, { claimed: { loadMs: 1_000 } }));
    expect(late.error).toMatchObject({ kind: "timeout", message: expect.stringContaining("start-up (lifespan)") });
    expect(late.report).toMatchObject({ ok: true });
  });

  it("checks in a pod that is gone afterwards", async () => {
    const pod = await warm();
    expect((await give(pod, { "app.py": hello }, { claimed: { mode: "check" } })).report).toMatchObject({ ok: true, framework: "fastapi" });
    expect(await pod.end()).toMatchObject({ code: 0 });
  });

  it("is refused for files that lie elsewhere, by a pod that lost its app, and by nobody at all", async () => {
    const pod = await warm();
    expect(await refusalOf(give(pod, { "app.py": hello, "../out.py": "x" }))).toBe("invalid");
    await pod.end();
    const again = await start({ after: pod });
    await waitFor("its control port", () => again.readiness());
    expect(await again.readiness()).toBe(503);
    expect(await refusalOf(give(again, { "app.py": hello }))).toBe("lost");
    const nobody = createServer().listen(0, "127.0.0.1");
    await once(nobody, "listening");
    const { port } = nobody.address() as AddressInfo;
    nobody.close();
    await expect(give(again, {}, { port, signal: AbortSignal.timeout(300) })).rejects.toThrow(/timeout/);
  });

  it("notices a pod that vanishes and a caller that gives up, while the app loads", async () => {
    const [vanishing, given] = await Promise.all([warm(), warm()]);
    const loading = "print('loading', flush=True)\nimport time\ntime.sleep(60)\n";
    const vanished = refusalOf(give(vanishing, { "app.py": loading }));
    await waitFor("the load", () => vanishing.printed.includes("loading"));
    vanishing.kill("SIGKILL");
    expect(await vanished).toBe("broken");
    const abort = new AbortController();
    const givenUp = give(given, { "app.py": loading }, { signal: abort.signal }).catch((error: unknown) => error);
    await waitFor("the load", () => given.printed.includes("loading"));
    abort.abort(new Error("given up"));
    expect(await givenUp).toEqual(new Error("given up"));
  });

  it("leads the app to its database and the Internet through the platform's door", async () => {
    const key = "the key that credentials are made with";
    const internet = createHttpServer((_request, response) => response.end("from outside")).listen(0, "127.0.0.1");
    await once(internet, "listening");
    ending.push(() => internet.close());
    const { port } = internet.address() as AddressInfo;
    const egress = createEgress({
      rules: () => ({ domains: ["*"], ports: [port] }),
      appsDomain: "apps.example",
      publicUrl: "http://platform.example",
      gateway: () => null,
      resolve: async () => ["127.0.0.1"],
      isAllowedAddress: (address) => address === "127.0.0.1",
      onRefused: () => undefined,
      logger: { error: () => undefined },
    });
    const database = createTestDatabase();
    const address = new URL(database.url);
    const account = { name: `${database.prefix}_app`, username: "app", password: "p:/ä" };
    const client = new mongoose.mongo.MongoClient(database.url);
    await client.db(account.name).command({ createUser: account.username, pwd: account.password, roles: ["readWrite"] });
    await client.close();
    const mongo = { address: () => ({ host: address.hostname, port: Number(address.port) }) };
    const door = await createDoor({ port: 0, host: "127.0.0.1", key, egress, mongo, logger: { warn: () => undefined } });
    ending.push(
      () => database[Symbol.asyncDispose](),
      () => egress.close(),
      () => door.close(),
    );
    const code = `
import os, httpx, pymongo
from fastapi import FastAPI
app = FastAPI()
@app.get("/out")
def out():
    return httpx.get("http://internet.example:${port}/").text
@app.get("/database")
def database():
    items = pymongo.MongoClient(os.environ["PLATFORM_MONGO_URI"]).get_default_database().items
    items.insert_one({"name": "one"})
    return items.count_documents({})
`;
    const pod = await warm({ door: `127.0.0.1:${door.port}` });
    const claim = toClaim({});
    const { appId } = claim as unknown as { appId: string };
    await give(
      pod,
      { "app.py": code },
      {
        claimed: {
          door: { credential: doorCredential(key, appId) },
          database: account,
        },
      },
    );
    expect(await (await pod.get("/out")).json()).toBe("from outside");
    expect(await (await pod.get("/database")).json()).toBe(1);
    expect(door.bytes(appId).egress.out).toBeGreaterThan(0);
    expect(door.bytes(appId).mongo.out).toBeGreaterThan(0);
  });
});
