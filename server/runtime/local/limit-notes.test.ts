import { describe, expect, it } from "vitest";
import { limitWrites, parsePressure, type Pressure } from "./cgroup-plan.ts";
import { createLimitNotes, watchLimits, type Refused } from "./limit-notes.ts";

const refused = (pressure: Partial<Pressure>, kills = 0): Refused => ({
  pressure: { forksRefused: 0, processLimit: 128, cpuPeriods: 0, cpuThrottledPeriods: 0, cpuThrottledSeconds: 0, ...pressure },
  memory: { limitBytes: 256 * 1_048_576, peakBytes: 0, kills },
});

describe("what the kernel refused", () => {
  it("is read from version 1", () => {
    const cpu = "nr_periods 40\nnr_throttled 31\nthrottled_time 2500000000\nnr_bursts 0\n";
    expect(parsePressure({ processes: "max 7\n", processLimit: "128\n", cpu })).toEqual({
      forksRefused: 7,
      processLimit: 128,
      cpuPeriods: 40,
      cpuThrottledPeriods: 31,
      cpuThrottledSeconds: 2.5,
    });
  });

  it("is read from version 2", () => {
    const cpu = "usage_usec 9\nuser_usec 8\nsystem_usec 1\nnr_periods 40\nnr_throttled 31\nthrottled_usec 2500000\n";
    expect(parsePressure({ processes: "max 7\n", processLimit: "64", cpu })).toMatchObject({ processLimit: 64, cpuThrottledSeconds: 2.5 });
  });

  it("is nothing where the kernel does not count it", () => {
    expect(Object.values(parsePressure({ processes: "", processLimit: "max", cpu: "" }))).toEqual([0, 0, 0, 0, 0]);
  });
});

it("a limit can be raised in version 1, where swap is counted too", () => {
  const files = limitWrites(1, { memoryMiB: 1024, cpus: 1, processes: 64 }).map(({ file, value }) => [file, value]);
  expect(files.slice(0, 3)).toEqual([
    ["memory.memsw.limit_in_bytes", "-1"],
    ["memory.limit_in_bytes", "1073741824"],
    ["memory.memsw.limit_in_bytes", "1073741824"],
  ]);
});

describe("the owner is told", () => {
  it("that no more processes could be started, with the limit, and not at every look", () => {
    const look = createLimitNotes(0.5);
    expect(look(refused({}), 0)).toEqual({ notes: [], forks: 0, throttledSeconds: 0 });
    expect(look(refused({ forksRefused: 1 }), 5_000).notes).toEqual([
      "A process or thread could not be started: the app has as many as it may, 128",
    ]);
    expect(look(refused({ forksRefused: 6 }), 10_000)).toMatchObject({ notes: [], forks: 5 });
    expect(look(refused({ forksRefused: 9 }), 70_000).notes).toEqual([
      "A process or thread could not be started (8 times): the app has as many as it may, 128",
    ]);
  });

  it("that a process of it was killed for memory", () => {
    const look = createLimitNotes(0.5);
    expect(look(refused({}, 1), 0).notes).toEqual(["A process of the app was killed: together they needed more than 256 MB"]);
  });

  it("that it is held to its share of the CPU, when it computes all the time and not when it computes now and then", () => {
    const look = createLimitNotes(0.5);
    expect(look(refused({ cpuPeriods: 8, cpuThrottledPeriods: 8, cpuThrottledSeconds: 0.4 }), 5_000)).toEqual({
      notes: [],
      forks: 0,
      throttledSeconds: 0.4,
    });
    expect(look(refused({ cpuPeriods: 58, cpuThrottledPeriods: 20 }), 10_000).notes).toEqual([]);
    expect(look(refused({ cpuPeriods: 108, cpuThrottledPeriods: 65 }), 15_000).notes).toEqual([
      "The app computes without a pause and is held to its share of the CPU, 0.5 cores: its answers take longer",
    ]);
  });
});

it("looks once more at the end, and counts for the platform", () => {
  let now = refused({});
  const told: string[] = [];
  const counted: [string, number][] = [];
  const watch = watchLimits(
    1,
    () => now,
    (text) => told.push(text),
    {
      limited: (what, count) => counted.push([what, count]),
      throttled: (seconds) => counted.push(["throttled", seconds]),
    },
  );
  now = refused({ forksRefused: 3, cpuThrottledSeconds: 1.5 });
  watch.stop();
  expect(told).toEqual(["A process or thread could not be started (3 times): the app has as many as it may, 128"]);
  expect(counted).toEqual([
    ["processes", 3],
    ["throttled", 1.5],
  ]);
});
