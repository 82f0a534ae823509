/** What every runtime must do, whatever runs underneath. An adapter's own test calls this with a factory of its runtime. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AppError } from "#core/contract/problem.ts";
import * as programs from "./programs.ts";
import { ask, createWorld, defaultLimits, type RuntimeFactory, type World } from "./world.ts";

export interface SuiteOptions {
  /** Whether memory is limited and the reason of a kill is known. */
  limitsMemory: boolean;
  /** Whether apps are kept from the machine, its network and each other. */
  isolates: boolean;
}

let counter = 0;
/** Ids of their own, so that no test sees another's app. */
const newApp = () => `app${(counter++).toString().padStart(4, "0")}`;

export function describeRuntime(name: string, factory: RuntimeFactory, options: SuiteOptions): void {
  describe(name, { timeout: 60_000 }, () => {
    let world: World;
    beforeAll(async () => {
      world = await createWorld(factory);
    }, 60_000);
    afterAll(async () => await world.close(), 60_000);
    describe("deploy", () => describeDeploy(() => world));
    describe("wake and sleep", () => describeWake(() => world));
    describe("what an app says and gets", () => describeTalk(() => world));
    describe("failure", () => describeFailure(() => world, options));
    if (options.isolates) describe("isolation", () => describeIsolation(() => world));
  });
}

function describeDeploy(world: () => World): void {
  it("makes an app answer, and says each step in order", async () => {
    const app = newApp();
    const { events, endpoint, report } = await world().deploy(app, programs.hello("one"));
    expect(await world().call(app, "/")).toEqual({ status: 200, text: '{"hello":"one"}' });
    expect(events.flatMap((event) => (event.type === "stage" ? [`${event.stage} ${event.status}`] : [event.type]))).toEqual([
      "checking started",
      "checking succeeded",
      "creating started",
      "creating succeeded",
      "starting started",
      "starting succeeded",
      "ready",
    ]);
    expect(world().runtime.endpoints(app)).toEqual([endpoint]);
    expect(report).toMatchObject({ ok: true, framework: "fastapi" });
    await world().event("awake", (event) => event.appId === app);
  });

  it("keeps the old version serving when the new one does not load, and says file and line", async () => {
    const app = newApp();
    await world().deploy(app, programs.hello("old"));
    const before = world().runtime.endpoints(app);
    const { error, endpoint } = await world().deploy(app, programs.broken());
    expect(endpoint).toBeNull();
    expect(error).toMatchObject({
      kind: "load",
      type: "RuntimeError",
      message: expect.stringContaining("broken on purpose"),
      file: "app.py",
      line: 3,
    });
    expect(world().runtime.endpoints(app)).toEqual(before);
    expect((await world().call(app, "/")).text).toBe('{"hello":"old"}');
  });

  it("keeps the old version serving when the commit fails, and passes the error on", async () => {
    const app = newApp();
    await world().deploy(app, programs.hello("old"));
    const refused = world().deploy(app, programs.hello("new"), {}, async () => {
      throw new Error("the database is gone");
    });
    await expect(refused).rejects.toThrow("the database is gone");
    expect((await world().call(app, "/")).text).toBe('{"hello":"old"}');
    expect(world().runtime.endpoints(app)).toHaveLength(1);
  });

  it("gives no traffic to the new version before it is committed", async () => {
    const app = newApp();
    await world().deploy(app, programs.hello("old"));
    let during = "";
    await world().deploy(app, programs.hello("new"), {}, async () => {
      during = (await world().call(app, "/")).text;
    });
    expect(during).toBe('{"hello":"old"}');
    expect((await world().call(app, "/")).text).toBe('{"hello":"new"}');
  });

  it("replaces a version under requests without failing one", async () => {
    const app = newApp();
    await world().deploy(app, programs.slow("old"));
    let stop = false;
    const answers: string[] = [];
    const callers = Array.from({ length: 8 }, async () => {
      while (!stop) answers.push((await world().call(app, "/slow?ms=40")).text);
    });
    await world().deploy(app, programs.slow("new"));
    while (!answers.includes('"new"')) await new Promise(setImmediate);
    stop = true;
    await Promise.all(callers);
    expect(new Set(answers)).toEqual(new Set(['"old"', '"new"']));
  });

  it("stops when it is aborted, and leaves the old version serving", async () => {
    const app = newApp();
    await world().deploy(app, programs.hello("old"));
    const spec = { ...(await specFor(app)), entrypoint: "app.py", readFiles: async () => programs.hangs(), bundleHash: "hangs" };
    const abort = new AbortController();
    const run = (async () => {
      for await (const event of world().runtime.deploy(spec, async () => {}, abort.signal)) {
        if (event.type === "stage" && event.stage === "starting") abort.abort(new Error("pressed cancel"));
      }
    })();
    await expect(run).rejects.toThrow("pressed cancel");
    expect((await world().call(app, "/")).text).toBe('{"hello":"old"}');
  });
}

async function specFor(appId: string) {
  return { appId, slug: appId, version: 9, env: {}, sessionKey: "key", database: null, limits: defaultLimits };
}

function describeWake(world: () => World): void {
  it("wakes a sleeping app once for fifty callers", async () => {
    const app = newApp();
    await world().deploy(app, programs.hello("awake"));
    expect(await world().runtime.sleep(app)).toBe(true);
    expect(world().runtime.endpoints(app)).toEqual([]);
    const woken = await Promise.all(Array.from({ length: 50 }, () => world().runtime.wake(app)));
    expect(new Set(woken.map(({ endpoint }) => endpoint.instanceId)).size).toBe(1);
    expect(woken.every(({ waitedMs }) => waitedMs > 0)).toBe(true);
    expect((await world().call(app, "/")).text).toBe('{"hello":"awake"}');
    expect((await world().runtime.wake(app)).waitedMs).toBe(0);
  });

  it("does not put an app to sleep while a request is in flight, unless told to", async () => {
    const app = newApp();
    await world().deploy(app, programs.slow("done"));
    const endpoint = world().runtime.endpoints(app)[0]!;
    const leave = world().runtime.enter(app, endpoint.instanceId);
    expect(await world().runtime.sleep(app)).toBe(false);
    expect(world().runtime.endpoints(app)).toEqual([endpoint]);
    const answer = ask(endpoint, "/slow?ms=300").finally(leave);
    expect(await world().runtime.sleep(app, { force: true })).toBe(true);
    expect(await answer).toEqual({ status: 200, text: '"done"' });
    await world().event("asleep", (event) => event.appId === app && event.reason === "asked");
  });

  it("starts anew when a request comes while the app goes to sleep", async () => {
    const app = newApp();
    await world().deploy(app, programs.hello("again"));
    const first = world().runtime.endpoints(app)[0]!.instanceId;
    const [slept, woken] = await Promise.all([world().runtime.sleep(app), world().runtime.wake(app)]);
    expect(slept).toBe(true);
    expect(woken.endpoint.instanceId).not.toBe(first);
    expect((await world().call(app, "/")).text).toBe('{"hello":"again"}');
  });

  it("says that nothing is live", async () => {
    await expect(world().runtime.wake(newApp())).rejects.toMatchObject({ name: "AppError", code: "not_deployed" });
  });

  it("runs start-up and shutdown of the lifespan", async () => {
    const app = newApp();
    await world().deploy(app, programs.lifespan());
    expect((await world().call(app, "/")).text).toBe('"started"');
    await world().runtime.sleep(app);
    await world().event("log", (event) => event.appId === app && event.line.text === "lifespan is over");
  });

  it("leaves nothing of an app that is removed", async () => {
    const app = newApp();
    await world().deploy(app, programs.hello("gone"));
    const endpoint = world().runtime.endpoints(app)[0]!;
    await world().runtime.remove(app);
    await world().runtime.remove(app);
    expect(world().runtime.endpoints(app)).toEqual([]);
    await expect(ask(endpoint, "/")).rejects.toThrow();
  });
}

function describeTalk(world: () => World): void {
  it("passes on what it prints, by line and stream", async () => {
    const app = newApp();
    await world().deploy(app, programs.prints());
    await world().call(app, "/");
    const { line } = await world().event("log", (event) => event.appId === app && event.line.text === "to stdout äöü");
    expect(line).toMatchObject({ stream: "stdout", instanceId: world().runtime.endpoints(app)[0]!.instanceId, at: expect.any(Date) });
    await world().event("log", (event) => event.appId === app && event.line.text === "to stderr" && event.line.stream === "stderr");
  });

  it("bounds endless output and says how much was left out", async () => {
    const app = newApp();
    await world().deploy(app, programs.floods());
    expect((await world().call(app, "/?lines=50000")).status).toBe(200);
    await world().event("log", (event) => event.appId === app && event.line.stream === "platform" && event.line.text.includes("left out"));
    expect(world().events.filter((event) => event.type === "log" && event.appId === app).length).toBeLessThan(12_000);
  });

  it("reports the exception of a request by its id", async () => {
    const app = newApp();
    await world().deploy(app, programs.raises());
    expect((await world().call(app, "/", { headers: { "x-request-id": "request-17" } })).status).toBe(500);
    const { record } = await world().event("exception", (event) => event.appId === app);
    expect(record).toMatchObject({ requestId: "request-17", type: "ZeroDivisionError", file: "app.py", line: 7 });
    expect(record.traceback).toContain("1 / 0");
  });

  it("gives an app its variables, and none of the platform's", async () => {
    const app = newApp();
    process.env["FP_CONFORMANCE_SECRET"] = "do not leak";
    try {
      await world().deploy(app, programs.environment(), { env: { GREETING: "grüezi", EMPTY: "" } });
    } finally {
      delete process.env["FP_CONFORMANCE_SECRET"];
    }
    const env = JSON.parse((await world().call(app, "/")).text) as Record<string, string>;
    expect(env).toMatchObject({ GREETING: "grüezi", EMPTY: "" });
    expect(JSON.stringify(env)).not.toContain("do not leak");
    expect(env).not.toHaveProperty("MONGO_URL");
  });

  it("answers 421 to a request that means another instance", async () => {
    const app = newApp();
    await world().deploy(app, programs.hello("mine"));
    expect((await world().call(app, "/", { headers: { "x-fp-instance": "another" } })).status).toBe(421);
  });

  it("checks files without making anything live", async () => {
    const report = await world().runtime.check(programs.hello("checked"), "app.py", {});
    expect(report).toMatchObject({ ok: true, framework: "fastapi" });
    expect(await world().runtime.check(programs.broken(), "app.py", {})).toMatchObject({ ok: false, error: { file: "app.py", line: 3 } });
    const hanging = await world().runtime.check(programs.hangs(), "app.py", {});
    expect(hanging).toMatchObject({ ok: false, error: { kind: "timeout" } });
  });
}

function describeFailure(world: () => World, options: SuiteOptions): void {
  it("notices a crash at once, says why, and wakes again", async () => {
    const app = newApp();
    await world().deploy(app, programs.exits());
    const first = world().runtime.endpoints(app)[0]!.instanceId;
    await expect(world().call(app, "/exit")).rejects.toThrow();
    const died = await world().event("died", (event) => event.appId === app);
    expect(died.reason).toContain("exit code 7");
    expect(world().runtime.endpoints(app)).toEqual([]);
    const { endpoint } = await world().runtime.wake(app);
    expect(endpoint.instanceId).not.toBe(first);
    expect((await world().call(app, "/")).status).toBe(200);
  });

  it("says that an app ended while it was loaded", async () => {
    const { error } = await world().deploy(newApp(), programs.exitsAtImport());
    expect(error).toMatchObject({ kind: "exit", message: expect.stringContaining("exit code 5") });
  });

  it("says that a start-up failed", async () => {
    const { error } = await world().deploy(newApp(), programs.lifespanFails());
    expect(error).toMatchObject({ kind: "lifespan", message: expect.stringContaining("no start today") });
  });

  it("answers every waiting caller when the app cannot be started", async () => {
    const app = newApp();
    await world().deploy(app, programs.breaksLater());
    await world().runtime.sleep(app);
    world().change(app, { env: { APP_BREAKS: "1" } });
    const outcomes = await Promise.allSettled(Array.from({ length: 10 }, () => world().runtime.wake(app)));
    for (const outcome of outcomes) {
      const reason = outcome.status === "rejected" ? (outcome.reason as AppError) : null;
      expect(reason).toMatchObject({ code: "app_failed", extra: { error: { kind: "load", file: "app.py" } } });
    }
  });

  it.runIf(options.limitsMemory)("says that an app was killed for memory, with its limit", async () => {
    const app = newApp();
    await world().deploy(app, programs.eatsMemory(), { limits: { ...defaultLimits, memoryMiB: 128 } });
    await expect(world().call(app, "/eat?mib=400")).rejects.toThrow();
    const died = await world().event("died", (event) => event.appId === app);
    expect(died.reason).toMatch(/killed at 128 MB, peak \d+ MB/);
    const { error } = await world().deploy(newApp(), programs.eatsMemoryAtImport(), { limits: { ...defaultLimits, memoryMiB: 128 } });
    expect(error).toMatchObject({ kind: "memory", message: expect.stringContaining("128 MB") });
  });

  it.runIf(options.limitsMemory)("holds a fork bomb", async () => {
    const app = newApp();
    await world().deploy(app, programs.forks());
    const { text } = await world().call(app, "/");
    expect(Number(text)).toBeLessThan(defaultLimits.processes);
    const other = newApp();
    await world().deploy(other, programs.hello("unmoved"));
    expect((await world().call(other, "/")).status).toBe(200);
  });
}

function describeIsolation(world: () => World): void {
  const probe = async (app: string, what: string, argument = ""): Promise<unknown> =>
    JSON.parse((await world().call(app, `/${what}?x=${encodeURIComponent(argument)}`)).text);

  it("keeps an app from others' files, variables and processes, and from the platform's", async () => {
    const victim = newApp();
    await world().deploy(victim, programs.environment(), { env: { TOKEN: "the victim's token" } });
    const app = newApp();
    await world().deploy(app, programs.hostile());
    for (const path of world().secretPaths)
      expect(await probe(app, "read", path)).toMatch(/^(FileNotFoundError|PermissionError|NotADirectoryError)/);
    const seen = (await probe(app, "processes")) as string[];
    expect(seen.length).toBeLessThanOrEqual(4);
    expect(JSON.stringify(seen)).not.toMatch(/node|TOKEN|victim/);
    expect(await probe(app, "write", "/usr/escape")).toMatch(/^(OSError|PermissionError)/);
    expect(await probe(app, "write", "/run/fp/code/app.py")).toMatch(/^(OSError|PermissionError)/);
  });

  it("has no network", async () => {
    const app = newApp();
    await world().deploy(app, programs.hostile());
    expect(await probe(app, "connect", `127.0.0.1:${world().outsidePort}`)).toMatch(/^(ConnectionRefusedError|OSError)/);
    expect(await probe(app, "connect", "169.254.169.254:80")).toMatch(/^(ConnectionRefusedError|OSError)/);
    expect(await probe(app, "interfaces")).toEqual(["lo"]);
  });

  it("holds no privilege, and cannot get one", async () => {
    const app = newApp();
    await world().deploy(app, programs.hostile());
    expect(await probe(app, "status")).toMatchObject({
      CapEff: "0000000000000000",
      CapPrm: "0000000000000000",
      NoNewPrivs: "1",
      Seccomp: "2",
    });
    for (const call of ["unshare", "mount", "ptrace", "bpf"]) expect(await probe(app, "syscall", call)).toBe("EPERM");
    expect(await probe(app, "syscall", "clone3")).toBe("ENOSYS");
    expect(await probe(app, "vsock")).toMatch(/^OSError/);
  });

  it("fills its own disk only", async () => {
    const app = newApp();
    await world().deploy(app, programs.hostile());
    expect(await probe(app, "fill", "/tmp")).toBeLessThanOrEqual(64);
    expect((await world().call(app, "/read?x=/etc/hosts")).status).toBe(200);
  });
}
