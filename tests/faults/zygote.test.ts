/** What runners are forked from dies, again and again: apps that are awake go on, and those that sleep wake all the same. */
import { existsSync, mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createLocalRuntime } from "#server/runtime/local/index.ts";
import { hello } from "../conformance/programs.ts";
import { createWorld, type World } from "../conformance/world.ts";
import { waitFor } from "../wait.ts";
import { findVictims, kill } from "./victims.ts";

const python = process.env["FP_PYTHON"];

describe.runIf(python && existsSync("/proc"))("the process that runners are forked from", () => {
  let world: World;
  let dataDir: string;
  const deaths: string[] = [];
  beforeAll(async () => {
    dataDir = mkdtempSync(join(tmpdir(), "fp-"));
    world = await createWorld(async (specOf) => ({
      runtime: createLocalRuntime({
        dataDir,
        python: python!,
        runnerDir: join(import.meta.dirname, "../../runner"),
        warmPool: 1,
        mongo: { address: () => ({ host: "127.0.0.1", port: 9 }) },
        specOf,
        logger: { info: () => {}, warn: (message) => void deaths.push(message) },
      }),
      outsidePort: 0,
      secretPaths: [],
      close: () => rm(dataDir, { recursive: true, force: true }),
    }));
  }, 60_000);
  afterAll(() => world?.close(), 60_000);

  test("killed three times, it is replaced each time, whichever of its processes dies", async () => {
    await world.deploy("awake", hello("awake"));
    await world.deploy("asleep", hello("woken"));
    const before = world.runtime.endpoints("awake");
    for (let round = 0; round < 3; round += 1) {
      await world.runtime.sleep("asleep", { force: true });
      const pool = findVictims({ pid: process.pid, dataDir }).pool;
      expect(pool.length).toBeGreaterThan(0);
      kill(pool[round % pool.length]!);
      await waitFor("its death is noticed", () => deaths.some((message) => message.includes("forked from ended")));
      deaths.length = 0;
      expect((await world.call("awake", "/")).status).toBe(200);
      // What was warm may have been taken by an earlier round: each of these needs a fork of the new one.
      for (let wake = 0; wake < 3; wake += 1) {
        await waitFor("it wakes", () => world.runtime.wake("asleep"), 60_000);
        expect((await world.call("asleep", "/")).text).toBe('{"hello":"woken"}');
        await world.runtime.sleep("asleep", { force: true });
      }
    }
    expect(world.runtime.endpoints("awake")).toEqual(before);
  }, 240_000);
});
