/** What happens when an app ends, breaks or wants too much. */
import { expect, it } from "vitest";
import type { AppError } from "#core/contract/problem.ts";
import * as programs from "../programs.ts";
import { defaultLimits, newApp, type World } from "../world.ts";

export interface Limiting {
  limitsMemory: boolean;
  mostProcesses?: number;
}

export function describeFailure(world: () => World, { limitsMemory, mostProcesses = defaultLimits.processes }: Limiting): void {
  it("notices a crash at once, says why, and wakes again", async () => {
    const app = newApp();
    await world().deploy(app, programs.exits());
    const first = world().runtime.endpoints(app)[0]!.instanceId;
    await expect(world().call(app, "/exit")).rejects.toThrow();
    const died = await world().event("died", (event) => event.appId === app);
    // As shells write a crash, and yet the app's own word.
    expect(died.reason).toContain("exit code 139");
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

  it.runIf(limitsMemory)("says that an app was killed for memory, with its limit", async () => {
    const app = newApp();
    await world().deploy(app, programs.eatsMemory(), { limits: { ...defaultLimits, memoryMiB: 128 } });
    await expect(world().call(app, "/eat?mib=400")).rejects.toThrow();
    const died = await world().event("died", (event) => event.appId === app);
    expect(died.reason).toMatch(/killed at 128 MB, peak \d+ MB/);
    const { error } = await world().deploy(newApp(), programs.eatsMemoryAtImport(), { limits: { ...defaultLimits, memoryMiB: 128 } });
    expect(error).toMatchObject({ kind: "memory", message: expect.stringContaining("128 MB") });
  });

  it.runIf(limitsMemory)("holds a fork bomb", async () => {
    const app = newApp();
    // With memory for all that it may start.
    await world().deploy(app, programs.forks(), { limits: { ...defaultLimits, memoryMiB: 1_024 } });
    const { text } = await world().call(app, "/");
    expect(Number(text)).toBeLessThan(mostProcesses);
    const other = newApp();
    await world().deploy(other, programs.hello("unmoved"));
    expect((await world().call(other, "/")).status).toBe(200);
  });
}
