/**
 * Two hundred kills at random moments under 50 requests a second, judged from outside: by a record of what was acknowledged and by
 * what the machine shows. The seed is printed; `FP_FAULTS_SEED` repeats a run, `FP_FAULTS_KILLS` makes it longer or shorter.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, rmSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startPlatform, type TestPlatform } from "../platform.ts";
import { waitFor } from "../wait.ts";
import { createChanges, type Changes } from "./changes.ts";
import { cgroupsOf, findLeftovers, instanceFolders, orphanSockets } from "./leftovers.ts";
import { judgeKeys, startLoad, type Load } from "./load.ts";
import { isAlive, type Process } from "./processes.ts";
import { createRandom } from "./random.ts";
import { findDatabase, findVictims, kill, processesOf, victimKinds, type VictimKind } from "./victims.ts";

const seed = Number(process.env["FP_FAULTS_SEED"] ?? 20_260_412);
const kills = Number(process.env["FP_FAULTS_KILLS"] ?? 200);
/** A platform takes the longest to come back, so it dies least often; a runner is the cheapest. */
const weights: Record<VictimKind, number> = { platform: 15, database: 25, runner: 35, pool: 25 };
/**
 * The specification's 5 s are judged by the figures that are printed. What is asserted is thrice that, and as much more as the machine
 * is slower at that moment than one that has nothing else to do: others may use it too.
 */
const servedWithinMs = 15_000;

const random = createRandom(seed);
const pids: number[] = [];
const ports = new Set<number>();
let temporary: string;
let platform: TestPlatform;
let token: string;
let changes: Changes;
let load: Load;

beforeAll(async () => {
  temporary = await mkdtemp(join(tmpdir(), "fp-faults-"));
  platform = await startPlatform({ TMPDIR: temporary });
  pids.push(platform.pid);
  ({ token } = await platform.signUp());
  changes = await createChanges(platform, token, random, 3);
}, 180_000);
afterAll(async () => {
  await load?.stop();
  await platform?.stop();
  if (temporary) rmSync(temporary, { recursive: true, force: true });
});

interface Round {
  victim: VictimKind;
  during: string;
  backMs: number;
}

test(
  `${kills} kills, seed ${seed}: all is served again, nothing acknowledged is lost, nothing is left`,
  { timeout: 60_000 + kills * 15_000 },
  async () => {
    load = startLoad(
      platform,
      changes.apps.map(({ slug }) => slug),
      50,
    );
    const rounds: Round[] = [];
    let calmSince = performance.now();
    for (let number = 1; number <= kills; number += 1) {
      const victim = random.weighted(weights);
      const change = random.integer(10) < 7 ? changes.begin() : { name: "nothing else", done: Promise.resolve() };
      const name = `kill ${number} (${victim} during ${change.name})`;
      await delay(random.integer(150));
      judgeCalm(name, calmSince, performance.now());
      const old = processesOf(platform);
      const backMs = await strike(victim).catch((error: unknown) => {
        throw new Error(`${name}: ${asked.join("; ")}\n${platform.output().slice(-4_000)}`, { cause: error });
      });
      rounds.push({ victim, during: change.name, backMs });
      const slowness = backMs > servedWithinMs ? await measureSlowness() : 1;
      expect(backMs, `${name}: ${asked.join("; ")}\n${platform.output().slice(-4_000)}`).toBeLessThan(servedWithinMs * slowness);
      await change.done;
      expect(await changes.judge(), name).toEqual([]);
      if (victim === "platform") await expectOldGone(name, old);
      calmSince = performance.now();
    }
    process.stderr.write(`${describe(rounds)}\n`);
    await load.stop();
    await judgeNotes();
    await expectNothingHidden();
    for (const port of [platform.port, findDatabasePort()]) ports.add(port);
    const { dataDir } = platform;
    await platform.stop();
    const gone = async (): Promise<boolean> => (await findLeftovers({ dataDir, temporary, pids, ports: [...ports] })).length === 0;
    await waitFor("all of it is gone", gone).catch(() => undefined);
    expect(await findLeftovers({ dataDir, temporary, pids, ports: [...ports] })).toEqual([]);
  },
);

/** How much longer than its own CPU time a computation takes right now: 1 on a machine that has a core to spare. */
async function measureSlowness(): Promise<number> {
  const cpuMs = 500;
  const startedAt = performance.now();
  await once(spawn(process.execPath, ["-e", `while (process.cpuUsage().user < ${cpuMs * 1_000});`], { stdio: "ignore" }), "exit");
  return Math.max(1, (performance.now() - startedAt) / cpuMs);
}

/** Kills one of a kind and waits until everything is served; milliseconds, for the platform from the moment it is started again. */
async function strike(kind: VictimKind): Promise<number> {
  if (kind === "platform") await platform.kill();
  else {
    const found = findVictims(platform)[kind];
    if (found.length > 0) kill(random.pick(found));
  }
  const from = performance.now();
  if (kind === "platform") {
    await platform.restart();
    pids.push(platform.pid);
  }
  const startedMs = Math.round(performance.now() - from);
  asked = [`started after ${startedMs} ms`];
  await waitFor("everything is served again", isServed, 180_000);
  return performance.now() - from;
}

/** What was answered last, for the words of a failure. */
let asked: string[] = [];

/** Each app answers, with its database, and so does the platform. */
async function isServed(): Promise<boolean> {
  const headers = { authorization: `Bearer ${token}` };
  const calls = [platform.call("/api/apps", { headers }), ...changes.apps.map(({ slug }) => platform.callApp(slug, "/count"))];
  const answers = await Promise.allSettled(calls);
  const at = new Date().toISOString();
  asked.push(
    ...answers.map((answer) =>
      answer.status === "fulfilled" ? `${at} ${answer.value.status} ${answer.value.text.slice(0, 120)}` : `${at} ${String(answer.reason)}`,
    ),
  );
  asked = asked.slice(-24);
  return answers.every((answer) => answer.status === "fulfilled" && answer.value.status === 200);
}

/** Between two kills nothing may fail: not by a deployment, not by an app that falls asleep. */
function judgeCalm(name: string, from: number, to: number): void {
  const failed = load.within(from, to).filter(({ outcome }) => outcome !== 200);
  expect(
    failed.map(({ app, what, outcome, body }) => `${app} ${what}: ${outcome} ${body.slice(0, 200)}`),
    `answers before ${name}`,
  ).toEqual([]);
}

async function expectOldGone(name: string, old: readonly Process[]): Promise<void> {
  const left = (): string[] => [
    ...old.filter(isAlive).map(({ pid, command }) => `process ${pid}: ${command}`),
    ...cgroupsOf(pids.slice(0, -1)),
    ...orphanSockets(platform.dataDir),
  ];
  await waitFor("the old processes are gone", () => left().length === 0, 10_000).catch(() => undefined);
  expect(left(), `left after ${name}`).toEqual([]);
}

async function judgeNotes(): Promise<void> {
  for (const { slug } of changes.apps) {
    const stored = (await platform.callApp(slug, "/notes")).json() as string[];
    expect(judgeKeys(slug, stored, load)).toEqual([]);
    expect(load.acknowledged(slug).length).toBeGreaterThan(0);
  }
}

/** Every folder of an instance belongs to one that runs. */
async function expectNothingHidden(): Promise<void> {
  const idle = (): string[] => {
    const running = processesOf(platform).length;
    return instanceFolders(platform.dataDir).length > running ? instanceFolders(platform.dataDir) : [];
  };
  await waitFor("folders belong to processes", () => idle().length === 0).catch(() => undefined);
  expect(idle()).toEqual([]);
}

function findDatabasePort(): number {
  expect(findDatabase(platform.dataDir)).not.toBeNull();
  return (JSON.parse(readFileSync(join(platform.dataDir, "mongo/server.json"), "utf8")) as { port: number }).port;
}

const timesOf = (rounds: readonly Round[], kind: VictimKind): number[] =>
  rounds
    .filter(({ victim }) => victim === kind)
    .map(({ backMs }) => backMs)
    .toSorted((left, right) => left - right);

function describe(rounds: readonly Round[]): string {
  const lines = victimKinds.flatMap((kind) => {
    const times = timesOf(rounds, kind);
    if (times.length === 0) return [];
    const at = (share: number): number => Math.round(times[Math.min(times.length - 1, Math.floor(times.length * share))]!);
    return [`${kind}: ${times.length} kills, served again after ${at(0.5)} ms median, ${at(0.95)} ms p95, ${at(1)} ms at most`];
  });
  return [`${load.total} requests, seed ${seed}`, ...lines].join("\n");
}
