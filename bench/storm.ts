/** 100 apps asleep, 1,000 requests at once over all of them: every one is answered 200; the time to the last. */
import type { TestPlatform } from "../tests/platform.ts";
import { helloApp, queryApp } from "./apps.ts";
import { median, quantile, type Outcome, type Series } from "./figures.ts";
import { whenQuiet } from "./processes.ts";
import { counted, putToSleep, type World } from "./world.ts";

const requestsEach = 10;
/** Of all, in equal parts by several owners, since one has no more than 100 apps. */
const owners = 2;

interface Sleeping {
  token: string;
  id: string;
  slug: string;
}

export async function measureStorm(world: World): Promise<Outcome> {
  const apps = counted(100);
  const storms = counted(5);
  const platform = await world.platform();
  const sleeping = await deployAll(platform, apps);
  const last: Series = {
    name: `${apps * requestsEach} requests over ${apps} sleeping apps → the last answer`,
    values: [],
    aim: { atMost: 5_000 },
  };
  const middle: Series = { name: "… → the median answer", values: [] };
  const first: Series = { name: "… → the first answer", values: [] };
  for (let storm = 0; storm < storms; storm += 1) {
    // A few at a time: this is not what is measured.
    for (let from = 0; from < sleeping.length; from += 5)
      await Promise.all(sleeping.slice(from, from + 5).map(({ token, id }) => putToSleep(platform, token, id)));
    await whenQuiet(platform.pid);
    const times = await callAll(platform, sleeping);
    last.values.push(Math.max(...times));
    middle.values.push(median(times));
    first.values.push(quantile(times, 0));
  }
  return {
    series: [last, middle, first],
    notes: [
      `Each request has a connection of its own, ${requestsEach} to each app, all opened in the same moment; half of the apps ask their database. Every one was answered 200.`,
      "The pool has its default size, so nearly every app waits for a runner to be started.",
    ],
  };
}

async function deployAll(platform: TestPlatform, count: number): Promise<Sleeping[]> {
  const made: Sleeping[] = [];
  for (let owner = 0; owner < owners; owner += 1) {
    const { token } = await platform.signUp();
    for (let index = owner; index < count; index += owners) {
      const app = await platform.deploy(token, `bench ${index}`, { "app.py": index % 4 < 2 ? helloApp() : queryApp() });
      await platform.api(token, "POST", `/api/apps/${app.id}/sleep`);
      made.push({ token, ...app });
    }
  }
  return made;
}

/** All requests at once; ms to each answer. @throws Error when one is not 200. */
async function callAll(platform: TestPlatform, sleeping: readonly Sleeping[]): Promise<number[]> {
  const started = performance.now();
  const calls = Array.from({ length: requestsEach }, () => sleeping).flat();
  return Promise.all(
    calls.map(async ({ slug }) => {
      const answer = await platform.callApp(slug, "/");
      if (answer.status !== 200) throw new Error(`${slug} answered ${answer.status}: ${answer.text.slice(0, 500)}`);
      return performance.now() - started;
    }),
  );
}
