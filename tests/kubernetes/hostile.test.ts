/** Apps that mean harm on a cluster, each a row of a table: it fails, its owner is told why, and its neighbours go on. */
import { availableParallelism, loadavg } from "node:os";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { p95, type Sample } from "../hostile/load.ts";
import { canaries } from "../hostile/world.ts";
import { waitFor } from "../wait.ts";
import { clusterAttacks, post, required, type ClusterAttack, type Told } from "./hostile-attacks.ts";
import { createClusterWorld, type Attacker, type ClusterWorld } from "./hostile-world.ts";

const quick = clusterAttacks.filter(({ heavy }) => !heavy);
const heavy = clusterAttacks.filter((attack) => attack.heavy);
/** Deployments at once: two cores start them. */
const atOnce = 3;
const fewestSamples = 60;
/** Below it whoever else uses the machine decides, not the attack. */
const floorMs = () => 250 * Math.max(1, loadavg()[0]! / availableParallelism());

it("every attack that is required has its row, and every row a name of its own", () => {
  expect(clusterAttacks.map(({ name }) => name).toSorted()).toEqual(required.toSorted());
});

describe.skipIf(!process.env["KUBECONFIG"])("hostile apps on a cluster", () => {
  let world: ClusterWorld;
  const begun = new Map<string, Promise<void>>();
  beforeAll(async () => {
    world = await createClusterWorld();
    const waiting = [...quick];
    const done = new Map(quick.map(({ name }) => [name, Promise.withResolvers<void>()]));
    for (const [name, { promise }] of done) {
      begun.set(name, promise);
      promise.catch(() => {});
    }
    for (let worker = 0; worker < atOnce; worker += 1)
      void (async () => {
        for (let attack = waiting.shift(); attack; attack = waiting.shift())
          await perform(world, attack).then(done.get(attack.name)!.resolve, done.get(attack.name)!.reject);
      })();
  }, 400_000);
  afterAll(async () => {
    await Promise.allSettled(begun.values());
    await world?.[Symbol.asyncDispose]();
  }, 200_000);

  it.for(quick)("$name", { timeout: 300_000 }, async ({ name }) => await begun.get(name));

  it.for(heavy)("$name", async (attack) => {
    const before = await watchNeighbours(world);
    const began = Date.now();
    let during: Sample[] = [];
    await perform(world, attack, async () => {
      during = await waitFor("enough visitors came meanwhile", () => atLeast(world.since(began)));
    });
    const after = await watchNeighbours(world);
    console.log(`${attack.name}: neighbours' p95 ${p95(before).toFixed(0)} ms, meanwhile ${p95(during).toFixed(0)} ms`);
    expect(
      during.filter(({ ok }) => !ok),
      "neighbours without an answer",
    ).toEqual([]);
    expect(p95(during)).toBeLessThan(Math.max(floorMs(), 2 * p95([...before, ...after])));
  });
});

const atLeast = (samples: Sample[]) => (samples.length >= fewestSamples ? samples : null);

async function watchNeighbours(world: ClusterWorld): Promise<Sample[]> {
  const from = Date.now();
  return await waitFor("enough visitors came", () => atLeast(world.since(from)), 60_000);
}

async function perform(world: ClusterWorld, attack: ClusterAttack, meanwhile = async (): Promise<void> => {}): Promise<void> {
  const attacker = await world.arm(attack.name, attack.source);
  try {
    const seen = await (attack.act?.(attacker, world) ?? post(attacker, world.facts));
    await meanwhile();
    for (const canary of Object.values(canaries)) expect(seen).not.toContain(canary);
    if (attack.sees instanceof RegExp) expect(seen).toMatch(attack.sees);
    else attack.sees(seen);
    await expectTold(world, attack, attacker);
    expect(await world.check()).toEqual({ documents: 1, env: true });
    await waitFor("the attacker's app answers again", async () => (await attacker.call("/alive")).status === 200, 60_000);
  } finally {
    await world.remove(attacker);
  }
}

async function expectTold(world: ClusterWorld, { told }: ClusterAttack, attacker: Attacker): Promise<void> {
  if (!told) return;
  let read: Record<keyof Told, string> | undefined;
  const isTold = (way: Told): boolean => (["reason", "log", "exception"] as const).every((place) => way[place]?.test(read![place]) ?? true);
  await waitFor(
    "what the owner reads",
    async () => {
      const [app, log, exception] = await Promise.all([world.app(attacker), world.log(attacker), world.failures(attacker)]);
      read = { reason: app.statusReason ?? "", log, exception };
      return [told].flat().some(isTold);
    },
    40_000,
  ).catch(() => expect(read).toEqual(told));
}
