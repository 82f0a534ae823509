/** How a version becomes the one that answers, and what happens to the old one. */
import { expect, it } from "vitest";
import * as programs from "../programs.ts";
import { defaultLimits, newApp, type World } from "../world.ts";

export function describeDeploy(world: () => World): void {
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
    const spec = { ...specFor(app), entrypoint: "app.py", readFiles: async () => programs.hangs(), bundleHash: "hangs" };
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

function specFor(appId: string) {
  return { appId, slug: appId, version: 9, env: {}, sessionKey: "key", database: null, limits: defaultLimits };
}
