/** The instances of an app that have not ended: who is on them, and how they come to their end. */
import type { Asked } from "../exit-reason.ts";
import type { Instance } from "./launch.ts";

export interface Tracked {
  instance: Instance;
  inFlight: number;
  whenIdle: (() => void)[];
  /** Set once it is to end, with what for. */
  ending: Promise<void> | null;
  asked: Asked | null;
}

/** An instance that has no request any more gets this long for its lifespan's shutdown. */
const shutdownGraceMs = 10_000;

/** Waits for requests in flight, then lets the app shut down, then kills it; a grace of 0 kills at once. */
export async function endInstance(entry: Tracked, graceMs: number): Promise<void> {
  const { runner } = entry.instance;
  if (graceMs <= 0) {
    await runner.kill();
    return;
  }
  if (entry.inFlight > 0) {
    let timer: NodeJS.Timeout | undefined;
    const over = new Promise<void>((resolve) => void (timer = setTimeout(resolve, graceMs)));
    const idle = new Promise<void>((resolve) => void entry.whenIdle.push(resolve));
    await Promise.race([idle, over, runner.exited]);
    clearTimeout(timer);
  }
  // What still runs has had its time: the shutdown is what remains.
  await runner.drain(Math.min(graceMs, shutdownGraceMs));
}

export async function endAll(tracked: ReadonlyMap<string, Tracked>, graceMs: number): Promise<void> {
  await Promise.all(
    [...tracked.values()].map(async (entry) => {
      if (!entry.ending) {
        entry.asked = "shutdown";
        entry.ending = endInstance(entry, graceMs);
      } else {
        const timer = setTimeout(() => void entry.instance.runner.kill(), graceMs);
        void entry.ending.then(() => clearTimeout(timer));
      }
      await entry.ending;
    }),
  );
}
