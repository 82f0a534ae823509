/** Constant traffic on some apps, and a record of its own of what was acknowledged: the outside checker's half of the truth. */
import { performance } from "node:perf_hooks";
import type { TestPlatform } from "../platform.ts";

/** An app that stores what it is sent, says which version answers, and lists what it holds. */
export const notesApp = (collection: string, version: string): Record<string, string> => ({
  "app.py": `import os
import pymongo
from fastapi import FastAPI

notes = pymongo.MongoClient(os.environ["PLATFORM_MONGO_URI"]).get_default_database()["${collection}"]
app = FastAPI()


@app.get("/")
def version():
    return "${version}"


@app.post("/notes/{key}")
def add(key: str):
    notes.insert_one({"key": key})
    return key


@app.get("/notes")
def keys():
    return [note["key"] for note in notes.find({}, {"_id": 0, "key": 1})]


@app.get("/count")
def count():
    return notes.count_documents({})
`,
});

export interface Exchange {
  app: string;
  what: string;
  startedAt: number;
  endedAt: number;
  /** A status, or the error's words when there was no answer. */
  outcome: number | string;
  body: string;
}

export interface Load {
  /** Exchanges that began and ended between the two times. */
  within(from: number, to: number): Exchange[];
  /** Keys whose insertion was answered 2xx, per app. */
  acknowledged(app: string): readonly string[];
  /** Every key that was ever sent, per app. */
  sent(app: string): readonly string[];
  readonly total: number;
  /** Requests that are not answered yet. */
  readonly open: number;
  /** Ends it and resolves when every request has come to an end. */
  stop(): Promise<void>;
}

/** A request that takes longer than this hangs: the gateway lets nobody wait for longer than 30 s. */
const longestMs = 45_000;

/** Sends `perSecond` requests to `apps` in turn, two of five an insertion, whatever becomes of those before. */
export function startLoad(platform: TestPlatform, apps: readonly string[], perSecond: number): Load {
  const exchanges: Exchange[] = [];
  const acknowledged = new Map<string, string[]>(apps.map((app) => [app, []]));
  const sent = new Map<string, string[]>(apps.map((app) => [app, []]));
  const open = new Set<Promise<void>>();
  let count = 0;

  const exchange = async (app: string, what: string, method: string, key?: string): Promise<void> => {
    const startedAt = performance.now();
    let outcome: number | string;
    let body = "";
    try {
      const answer = await platform.callApp(app, what, { method, timeoutMs: longestMs });
      outcome = answer.status;
      body = answer.text;
      if (key !== undefined && outcome >= 200 && outcome < 300) acknowledged.get(app)!.push(key);
    } catch (error) {
      outcome = (error as Error).message;
    }
    exchanges.push({ app, what, startedAt, endedAt: performance.now(), outcome, body });
  };
  const timer = setInterval(() => {
    count += 1;
    const app = apps[count % apps.length]!;
    const key = `k${count}`;
    const inserts = count % 5 < 2;
    if (inserts) sent.get(app)!.push(key);
    const running: Promise<void> = (inserts ? exchange(app, `/notes/${key}`, "POST", key) : exchange(app, "/", "GET")).finally(() =>
      open.delete(running),
    );
    open.add(running);
  }, 1_000 / perSecond);

  return {
    within: (from, to) => exchanges.filter(({ startedAt, endedAt }) => startedAt >= from && endedAt <= to),
    acknowledged: (app) => acknowledged.get(app) ?? [],
    sent: (app) => sent.get(app) ?? [],
    get total() {
      return count;
    },
    get open() {
      return open.size;
    },
    async stop() {
      clearInterval(timer);
      await Promise.all(open);
    },
  };
}

/** What is wrong with `stored`, in words: an acknowledged key that is missing, or any key that is there twice. */
export function judgeKeys(app: string, stored: readonly string[], load: Load): string[] {
  const times = new Map<string, number>();
  for (const key of stored) times.set(key, (times.get(key) ?? 0) + 1);
  const known = new Set(load.sent(app));
  return [
    ...load.acknowledged(app).flatMap((key) => (times.has(key) ? [] : [`${app}: ${key} was acknowledged and is lost`])),
    ...[...times].flatMap(([key, count]) => (count > 1 ? [`${app}: ${key} is stored ${count} times`] : [])),
    ...[...times.keys()].flatMap((key) => (known.has(key) ? [] : [`${app}: ${key} was never sent`])),
  ];
}
