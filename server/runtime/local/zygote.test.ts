import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { waitFor } from "../../../tests/wait.ts";
import type { Birth } from "./births.ts";
import { runnerEnvironment } from "./sandbox.ts";
import { openZygote, type Zygote, type ZygoteConfig } from "./zygote.ts";

const runnerDir = join(import.meta.dirname, "../../../runner");
const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

interface Started {
  zygote: Zygote;
  deaths: string[];
  fork(instance: string): Promise<Birth>;
}

/** A real zygote without a sandbox, so that the test needs no privilege. */
async function start({ argv, birthTimeoutMs }: { argv?: string[]; birthTimeoutMs?: number } = {}): Promise<Started> {
  const folders = await mkdtemp(join(tmpdir(), "fp-zygote-"));
  ends.push(() => rm(folders, { recursive: true, force: true }));
  const deaths: string[] = [];
  const config: ZygoteConfig = {
    isolated: false,
    seccomp: "",
    folders,
    folderInside: folders,
    tmpBytes: 0,
    shmBytes: 0,
    rlimits: { core: [0, 0] },
    probe: "",
    user: null,
  };
  const zygote = await openZygote({
    argv: argv ?? [process.env["FP_PYTHON"]!, "-P", "-m", "fp_runner", "zygote"],
    env: runnerEnvironment(folders, runnerDir),
    config,
    socketPath: join(folders, "zygote.sock"),
    onDeath: (message) => deaths.push(message),
    ...(birthTimeoutMs === undefined ? {} : { birthTimeoutMs }),
  });
  ends.push(() => zygote.close());
  return {
    zygote,
    deaths,
    fork: async (instance) => {
      await mkdir(join(folders, instance));
      const birth = await zygote.fork(instance, null, false);
      ends.push(async () => void birth.channels.lifeline.destroy());
      return birth;
    },
  };
}

/** What comes over a channel up to the first end of a line. */
const firstLine = (socket: Birth["channels"]["control"]) =>
  new Promise<string>((resolve) => {
    let text = "";
    socket.on("data", (chunk: Buffer) => {
      text += chunk.toString();
      if (text.includes("\n")) resolve(text.split("\n")[0]!);
    });
    socket.resume();
  });

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

test("forks instances that wait for their cgroup, get warm, and end when their lifeline closes", async () => {
  const { fork } = await start();
  const [one, two] = await Promise.all([fork("one"), fork("two")]);
  expect(one.pid).not.toBe(two.pid);
  const warm = firstLine(one.channels.control);
  one.go();
  expect(JSON.parse(await warm)).toEqual({ type: "warm" });
  for (const { channels } of [one, two]) channels.lifeline.destroy();
  await waitFor("both have ended", () => !isAlive(one.pid) && !isAlive(two.pid));
});

test("instances outlive a zygote that is killed, and the next fork comes from a new one", async () => {
  const { zygote, deaths, fork } = await start();
  const before = await fork("before");
  before.go();
  await firstLine(before.channels.control);
  const killed = zygote.pid!;
  process.kill(killed, "SIGKILL");
  await waitFor("its death is told", () => deaths.length === 1);
  const after = await fork("after");
  expect(zygote.pid).not.toBe(killed);
  const warm = firstLine(after.channels.control);
  after.go();
  expect(JSON.parse(await warm)).toEqual({ type: "warm" });
  expect(isAlive(before.pid)).toBe(true);
});

test("a zygote that is stuck is replaced", async () => {
  const { zygote, fork } = await start({ birthTimeoutMs: 1_000 });
  await fork("first");
  const stuck = zygote.pid!;
  process.kill(stuck, "SIGSTOP");
  await expect(fork("lost")).rejects.toThrow("took too long");
  await waitFor("it was ended", () => !isAlive(stuck));
  const second = await waitFor("a new one forks", () => fork(`second${Date.now()}`).catch(() => null));
  expect(isAlive(second.pid)).toBe(true);
});

test("says what its process said when it cannot start", async () => {
  await expect(start({ argv: ["/bin/sh", "-c", "echo no such interpreter >&2; exit 4"] })).rejects.toThrow(/code 4.*no such interpreter/);
  await expect(start({ argv: ["/no/such/program"] })).rejects.toThrow("could not be started");
});
