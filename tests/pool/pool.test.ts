/** The warm pool with real runners: how it fares at a pace, what it weighs, and that it becomes small again. */
import { afterEach, expect, test } from "vitest";
import { openPoolWorld, untilSmall, wakeAtPace, wakeWithoutPause, type PoolWorld } from "./pace.ts";

const python = process.env["FP_PYTHON"];
const warmPool = 2;
/** What the specification asks of a machine with nothing else to do. */
const fullPace = 20;
const tries = 4;
/** In the product half a minute, which `npm run bench -- pool` waits for. */
const holdMs = 4_000;

let world: PoolWorld | undefined;
afterEach(async () => {
  await world?.close();
  world = undefined;
});

test.skipIf(!python)(
  "nine of ten wakes find a warm runner at a pace that the machine can keep up, and the pool is small again after it",
  { timeout: 240_000 },
  async () => {
    const memoryMiB = 256;
    world = await openPoolWorld(python!, 80, { warmPool, warmPoolMemoryMiB: memoryMiB, warmPoolHoldMs: holdMs });
    const { runtime } = world;
    const shares: number[] = [];
    while (shares.length < tries && Math.max(0, ...shares) < 0.9) {
      // Other tests share the machine, now more, now less: asked anew each time what it can do, and of that not more than a third.
      const most = await wakeWithoutPause(world, 4, 2_000);
      await untilSmall(runtime, warmPool);
      const ran = await wakeAtPace(world, Math.min(fullPace, most / 3), 5_000);
      shares.push(ran.warmShare);
      expect(Math.max(...ran.sizes.map(({ bytes }) => bytes))).toBeLessThan(memoryMiB * 1_048_576);
    }
    expect(Math.max(...shares), `of ${shares.join(", ")}`).toBeGreaterThanOrEqual(0.9);
    await untilSmall(runtime, warmPool);
    expect(runtime.poolStats()).toMatchObject({ idle: warmPool, wanted: warmPool });
  },
);

test.skipIf(!python)(
  "a burst on an empty pool is served in full, and leaves no more runners than the rules allow",
  { timeout: 120_000 },
  async () => {
    world = await openPoolWorld(python!, 30, { warmPool });
    const { runtime, apps } = world;
    const woken = await Promise.all(apps.map((appId) => runtime.wake(appId)));
    expect(new Set(woken.map(({ endpoint }) => endpoint.instanceId)).size).toBe(apps.length);
    const { coldTakes, warmTakes, idle, wanted } = runtime.poolStats()!;
    expect(coldTakes + warmTakes).toBe(apps.length);
    expect(idle).toBeLessThanOrEqual(Math.max(wanted, warmPool) + 2);
  },
);
