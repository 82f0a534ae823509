/** The warm pool under wakes that keep coming: how many find a warm runner, how large it gets, and when it is small again. */
import { openPoolWorld, untilSmall, wakeAtPace } from "../tests/pool/pace.ts";
import type { Outcome } from "./figures.ts";
import { benchShare, type World } from "./world.ts";

const apps = 80;
const warmPool = 2;
const perSecond = 20;
const forMs = 30_000 * benchShare;

export async function measurePool({ python }: World): Promise<Outcome> {
  const world = await openPoolWorld(python, apps, { warmPool });
  try {
    const ran = await wakeAtPace(world, perSecond, forMs);
    const smallMs = await untilSmall(world.runtime, warmPool);
    const { startMs, runnerBytes } = world.runtime.poolStats()!;
    return {
      series: [
        {
          name: `${perSecond} wakes a second for ${forMs / 1000} s: that found no warm runner`,
          values: [100 * (1 - ran.warmShare)],
          unit: "%",
          aim: { atMost: 10 },
        },
        { name: "… asked → 200, without the gateway", values: ran.answeredMs },
        { name: "… until the pool is back at its size", values: [smallMs / 1000], unit: "s", aim: { atMost: 60 } },
        { name: "… memory of all waiting runners", values: ran.sizes.map(({ bytes }) => bytes / 1e6), unit: "MB", aim: { atMost: 512 } },
      ],
      notes: [
        `${ran.wakes} wakes over ${apps} apps at random moments, ${perSecond} a second on average; WARM_POOL is ${warmPool}. The latest began ${Math.round(ran.latestMs)} ms after its time.`,
        `At most ${Math.max(...ran.sizes.map(({ idle }) => idle))} runners waited; a start took ${Math.round(startMs ?? 0)} ms at the end, and a waiting runner has ${((runnerBytes ?? 0) / 1e6).toFixed(1)} MB of its own.`,
      ],
    };
  } finally {
    await world.close();
  }
}
