/**
 * Forks of one zygote, each in its own namespaces: what one draws, holds or says is no other's. In them all runners have the same
 * process number, so what notices a fork by its number (OpenSSL, bson, tempfile, dnspython) notices nothing by itself.
 */
import { existsSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ask } from "../conformance/world.ts";
import { openPoolWorld, type PoolWorld } from "./pace.ts";

const python = process.env["FP_PYTHON"];
const sandboxes = process.platform === "linux" && existsSync("/usr/bin/bwrap");

/** What must differ between two runners, named; asked for at import and again in a request. */
const code = `import base64, os, random, secrets, ssl, sys, tempfile, threading, uuid

from bson import ObjectId
from dns import entropy
from fastapi import FastAPI

app = FastAPI()


def draw():
    with tempfile.NamedTemporaryFile() as file:
        name = os.path.basename(file.name)
    return {
        "os.urandom": os.urandom(16).hex(),
        "secrets": secrets.token_hex(16),
        "uuid4": uuid.uuid4().hex,
        "uuid1": uuid.uuid1().hex,
        "random.random": random.random(),
        "random.Random": random.Random().random(),
        "random.SystemRandom": random.SystemRandom().random(),
        "ssl.RAND_bytes": ssl.RAND_bytes(16).hex(),
        "tempfile": name,
        "ObjectId": str(ObjectId())[8:],
        "ObjectId process": str(ObjectId())[8:18],
        "dns query id": "%s %s %s" % (entropy.random_16(), entropy.random_16(), entropy.random_16()),
    }


at_import = draw()


@app.get("/draw")
def draw_again():
    return {"import": at_import, "request": draw()}


@app.get("/state")
async def state():
    descriptors = {}
    for name in os.listdir("/proc/self/fd"):
        try:
            descriptors[name] = os.readlink("/proc/self/fd/" + name)
        except OSError:
            pass
    return {
        "pid": os.getpid(),
        "threads": [thread.name for thread in threading.enumerate()],
        "tasks": sorted(os.listdir("/proc/self/task")),
        "descriptors": descriptors,
        "environment": sorted(os.environ),
        "argv": sys.argv,
        "cwd": os.getcwd(),
    }
`;

type Drawn = Record<string, unknown>;
interface State {
  pid: number;
  threads: string[];
  tasks: string[];
  descriptors: Record<string, string>;
  environment: string[];
  argv: string[];
}

describe.skipIf(!python || !sandboxes)("two forks of one zygote", () => {
  let world: PoolWorld;
  const drawn: Drawn[] = [];
  const states: State[] = [];
  beforeAll(async () => {
    world = await openPoolWorld(python!, 4, { warmPool: 2 }, code);
    for (const appId of world.apps) {
      const { endpoint } = await world.runtime.wake(appId);
      const seen = JSON.parse((await ask(endpoint, "/state")).text) as State;
      states.push(seen);
      const { import: first, request } = JSON.parse((await ask(endpoint, "/draw")).text) as { import: Drawn; request: Drawn };
      drawn.push(first, request);
    }
  });
  afterAll(() => world?.close());

  test("are told apart by no process number", () => {
    expect(new Set(states.map(({ pid }) => pid)).size).toBe(1);
  });

  test.each([
    "os.urandom",
    "secrets",
    "uuid4",
    "uuid1",
    "random.random",
    "random.Random",
    "random.SystemRandom",
    "ssl.RAND_bytes",
    "tempfile",
    "ObjectId",
    "dns query id",
  ])("draw differently: %s", (what) => {
    const values = drawn.map((each) => each[what]);
    expect(values).not.toContain(undefined);
    expect(new Set(values).size, JSON.stringify(values)).toBe(values.length);
  });

  test("make ObjectIds that cannot be each other's", () => {
    const processes = drawn.map((each) => each["ObjectId process"]);
    expect(new Set(processes).size, JSON.stringify(processes)).toBe(world.apps.length);
  });

  test("have one thread, and no descriptor but their own", () => {
    for (const { threads, tasks, descriptors } of states) {
      expect(threads).toEqual(["MainThread"]);
      expect(tasks).toHaveLength(1);
      for (const target of Object.values(descriptors)) expect(target).toMatch(/^(socket:|pipe:|anon_inode:|\/dev\/null$|\/proc\/\d+\/fd$)/);
    }
    const sockets = states.map(({ descriptors }) => Object.values(descriptors).filter((target) => /^(socket|pipe):/.test(target)));
    const shared = sockets[0]!.filter((target) => sockets.slice(1).some((others) => others.includes(target)));
    expect(shared).toEqual([]);
  });

  test("know nothing of the platform's environment", () => {
    for (const { environment, argv } of states) {
      expect(environment.filter((name) => /^(FP_|SECRET|MONGO|DATA_DIR|NODE|VITEST|HOME_)/.test(name))).toEqual([]);
      expect(argv).toEqual(["app"]);
    }
  });
});
