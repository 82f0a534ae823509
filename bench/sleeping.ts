/** 10,000 sleeping apps beside 10, in the same run: waking one, listing, starting, and what the gateway keeps of each. */
import type { TestPlatform } from "../tests/platform.ts";
import { helloApp } from "./apps.ts";
import type { Outcome, Series } from "./figures.ts";
import { fillWithSleepingApps } from "./installation.ts";
import { weigh } from "./memory.ts";
import { whenQuiet } from "./processes.ts";
import { weighRouteTable } from "./route-table.ts";
import { counted, putToSleep, type World } from "./world.ts";

const few = 10;
/** Copies that belong to the owner whose list is asked: as many as one may have. */
const ofOwner = 90;

interface Installation {
  platform: TestPlatform;
  url: string;
  token: string;
  app: { id: string; slug: string };
}

export async function measureSleeping(world: World): Promise<Outcome> {
  const many = Math.max(500, counted(10_000));
  const [wakes, lists] = [counted(50), counted(200)];
  const small = await open(world);
  const large = await open(world);
  // Both owners have as many apps, so that their lists differ in nothing but what else is installed.
  await fillWithSleepingApps(small.url, small.app.id, few + ofOwner, ofOwner);
  const copies = await fillWithSleepingApps(large.url, large.app.id, many, ofOwner);
  const [started, grown] = [await restart(small.platform), await restart(large.platform)];
  const names = { small: `${few + ofOwner} apps`, large: `${many.toLocaleString("en")} apps` };
  const ms = (what: string, aim?: Series["aim"]): { small: Series; large: Series } => ({
    small: { name: `${what}, ${names.small}`, values: [] },
    large: { name: `${what}, ${names.large}`, values: [], peer: `${what}, ${names.small}`, ...(aim ? { aim } : {}) },
  });
  const wake = ms("asleep → 200", { median: 30, p95: 45 });
  const list = ms("GET /api/apps", { p95: 100 });
  for (let turn = 0; turn < wakes; turn += 1) {
    wake.small.values.push(await wakeOnce(small));
    wake.large.values.push(await wakeOnce(large));
  }
  for (let turn = 0; turn < lists; turn += 1) {
    list.small.values.push(await listOnce(small));
    list.large.values.push(await listOnce(large));
  }
  await wakeCopies(large.platform, copies);
  const kilobytes = await weighRouteTable(large.url, many);
  return {
    series: [
      wake.large,
      wake.small,
      list.large,
      list.small,
      { name: `the gateway's table, each of ${names.large}`, values: [kilobytes], unit: "KB", aim: { atMost: 4 } },
      { name: `start of the process → ready, ${names.large}`, values: [grown.startMs] },
      { name: `start of the process → ready, ${names.small}`, values: [started.startMs] },
      { name: `the platform's process, ${names.large}`, values: [grown.resident], unit: "MB" },
      { name: `the platform's process, ${names.small}`, values: [started.resident], unit: "MB" },
    ],
    notes: [
      `Two platforms, asked in turn. One app was really deployed on each; the others are its copies in the database, with versions, deployments and owners (${ofOwner} of the same owner, whose list is asked, ten of each other one). ${copiesWoken} copies were woken at the end and answered 200.`,
      "The gateway's table: the heap of the same code filled from the same database, after less before, each collected.",
    ],
  };
}

async function open(world: World): Promise<Installation> {
  const { platform, url } = await world.platformWithUrl();
  const { token } = await platform.signUp();
  const app = await platform.deploy(token, "bench sleeping", { "app.py": helloApp() });
  await putToSleep(platform, token, app.id);
  return { platform, url, token, app };
}

async function restart(platform: TestPlatform): Promise<{ startMs: number; resident: number }> {
  process.kill(platform.pid, "SIGTERM");
  await platform.ended();
  const started = performance.now();
  await platform.restart();
  const startMs = performance.now() - started;
  await whenQuiet(platform.pid);
  return { startMs, resident: weigh(platform.pid).resident };
}

async function wakeOnce({ platform, token, app }: Installation): Promise<number> {
  await putToSleep(platform, token, app.id);
  await whenQuiet(platform.pid);
  const started = performance.now();
  const answer = await platform.callApp(app.slug, "/");
  if (answer.status !== 200) throw new Error(`The woken app answered ${answer.status}: ${answer.text}`);
  return performance.now() - started;
}

async function listOnce({ platform, token }: Installation): Promise<number> {
  const started = performance.now();
  const { items } = await platform.api<{ items: unknown[] }>(token, "GET", "/api/apps");
  const took = performance.now() - started;
  if (items.length !== 50) throw new Error(`the list shows ${items.length} apps`);
  return took;
}

const copiesWoken = 5;

/** A copy that did not wake would show that it is not like a real one. */
async function wakeCopies(platform: TestPlatform, slugs: readonly string[]): Promise<void> {
  for (const slug of slugs.slice(0, copiesWoken)) {
    const answer = await platform.callApp(slug, "/");
    if (answer.status !== 200) throw new Error(`A copy answered ${answer.status}: ${answer.text}`);
  }
}
