/** Apps that mean harm, each a row of a table: it fails, its owner is told why, the platform counts it, and its neighbours feel nothing. */
import { existsSync } from "node:fs";
import { availableParallelism, loadavg } from "node:os";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { waitFor } from "../wait.ts";
import { postAttack, type Attack, type Attacker } from "./attack.ts";
import { attacks } from "./attacks.ts";
import { p95, type Sample } from "./load.ts";
import { required } from "./required.ts";
import { canaries, createHostileWorld, type HostileWorld } from "./world.ts";

/**
 * Neighbours may take twice as long as without the attack, or this long: below it, whoever else uses the machine decides. The platform
 * computes more when it is attacked, and then waits its turn behind the machine's other work, so that work counts in.
 */
const floorMs = () => 50 * Math.max(1, loadavg()[0]! / availableParallelism());
/** Samples of the neighbours before an attack, and at least during it. */
const fewestSamples = 60;

const sandboxes = process.platform === "linux" && existsSync("/usr/bin/bwrap");
const slow = attacks.filter((attack) => attack.slow);
const quick = attacks.filter((attack) => !attack.slow && !attack.heavy);
const heavy = attacks.filter((attack) => attack.heavy);
const begun = new Map<string, Promise<void>>();
let world: HostileWorld;
let quiet: Sample[] = [];

it("every attack that is required has its row, and every row a name of its own", () => {
  const names = attacks.map(({ name }) => name);
  expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
  expect(required.filter((name) => !names.includes(name))).toEqual([]);
  expect(names.filter((name) => !required.includes(name))).toEqual([]);
});

describe.runIf(sandboxes)("hostile apps", { timeout: 180_000 }, () => {
  beforeAll(async () => {
    world = await createHostileWorld();
    quiet = await watchNeighbours();
    // They wait for limits of up to half a minute: beside the others, and beside each other.
    for (const attack of slow) begun.set(attack.name, perform(attack));
    for (const run of begun.values()) run.catch(() => {});
  }, 180_000);
  afterAll(async () => {
    await Promise.allSettled(begun.values());
    await world?.[Symbol.asyncDispose]();
  }, 120_000);

  const quickBegan = Date.now();
  it.for(quick)("$name", async (attack) => await perform(attack));
  it("neighbours felt nothing of those that only try", async () => {
    const during = world.load.since(quickBegan);
    expect(during.length).toBeGreaterThanOrEqual(fewestSamples);
    expect(feels([...quiet, ...(await watchNeighbours())], during, floorMs())).toBeNull();
  });

  it.for(heavy)("$name", { retry: 2 }, async (attack) => {
    const before = await watchNeighbours();
    const floor = floorMs();
    const began = Date.now();
    let during: Sample[] = [];
    await perform(attack, async () => {
      during = await waitFor("enough visitors came meanwhile", () => atLeast(world.load.since(began)));
    });
    // Whoever else uses the machine changes its pace meanwhile: neighbours are compared with before and after.
    expect(feels([...before, ...(await watchNeighbours())], during, floor)).toBeNull();
  });

  it.for(slow)("$name", async ({ name }) => await begun.get(name));
});

const atLeast = (samples: Sample[]) => (samples.length >= fewestSamples ? samples : null);

async function watchNeighbours(): Promise<Sample[]> {
  const from = Date.now();
  return await waitFor("enough visitors came", () => atLeast(world.load.since(from)), 60_000);
}

/** In words, by how much neighbours were slowed; null when they were not. */
function feels(before: readonly Sample[], during: readonly Sample[], floor: number): string | null {
  const [was, is] = [p95(before), p95(during)];
  const lost = during.filter(({ ok }) => !ok).length;
  if (lost === 0 && is <= Math.max(floor, 2 * was)) return null;
  return `neighbours' p95 was ${was.toFixed(1)} ms and is ${is.toFixed(1)} ms; ${lost} of ${during.length} had no answer`;
}

/** One row: the attack, what its app saw, what its owner was told, what was counted, and that everybody else goes on. */
async function perform(attack: Attack, meanwhile: () => Promise<void> = async () => {}): Promise<void> {
  const before = attack.counter === null ? 0 : await read(attack.counter);
  const attacker = await world.arm(attack);
  try {
    const seen = await (attack.act?.(attacker, world) ?? postAttack(attacker, world.facts));
    await meanwhile();
    for (const canary of Object.values(canaries)) expect(seen).not.toContain(canary);
    if (attack.sees instanceof RegExp) expect(seen).toMatch(attack.sees);
    else await attack.sees(seen, world);
    await expectTold(attack, attacker);
    const { counter } = attack;
    if (counter !== null) await waitFor(`${counter} grows`, async () => (await read(counter)) > before);
    await expectOthersUnharmed();
    if (!attack.staysBroken) await waitFor("the attacker's app answers again", async () => (await attacker.call("/alive")).status === 200);
  } finally {
    await world.remove(attacker);
  }
}

async function read(series: string): Promise<number> {
  const value = (await world.metrics()).get(series);
  if (value === undefined) throw new Error(`there is no series ${series}`);
  return value;
}

async function expectTold({ told }: Attack, attacker: Attacker): Promise<void> {
  if (told === null) return;
  const { status, reason, log, exception } = told;
  if (status !== undefined || reason !== undefined)
    await waitFor(`the status is ${status ?? "any"} with the reason ${reason}`, async () => {
      const app = await world.app(attacker);
      return (status ?? app.status) === app.status && (reason?.test(app.statusReason ?? "") ?? true);
    });
  if (log !== undefined) await waitFor(`the log says ${log}`, async () => log.test(await world.log(attacker)), 40_000);
  if (exception !== undefined)
    await waitFor(`a request's page shows ${exception}`, async () => exception.test(JSON.stringify(await world.failures(attacker))));
}

async function expectOthersUnharmed(): Promise<void> {
  const { platform, victim } = world;
  expect((await platform.callApp(victim.slug, "/check")).json()).toEqual({ documents: 1, env: true });
  expect(await platform.api(victim.token, "GET", "/api/me")).toMatchObject({ email: "victim@example.com" });
}
