/** How an app comes and goes. */
import { expect, it } from "vitest";
import * as programs from "../programs.ts";
import { ask, newApp, type World } from "../world.ts";

export function describeWake(world: () => World): void {
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
