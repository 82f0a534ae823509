/** A platform that is killed: its runners end with it, and the next start clears what it left. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, it, vi } from "vitest";
import { createLocalRuntime } from "#server/runtime/local/index.ts";
import { findStartTime } from "#server/runtime/local/process-id.ts";

const python = process.env["FP_PYTHON"];
const sandboxes = process.platform === "linux" && existsSync("/usr/bin/bwrap");

it.runIf(python && sandboxes)("leaves no runner behind when it is killed, and starts clean", async () => {
  // Longer than a socket's path may be, so that the folders elsewhere are cleared too.
  const dataDir = join(mkdtempSync(join(tmpdir(), "fp-")), "x".repeat(100));
  const child = fork(join(import.meta.dirname, "victim.ts"), [dataDir, python!], { stdio: ["ignore", "ignore", "inherit", "ipc"] });
  const [folder] = (await once(child, "message")) as [string];
  const records = () => readdirSync(join(dataDir, "run")).filter((name) => name.endsWith(".pid"));
  const runners = records().map((name) => readFileSync(join(dataDir, "run", name), "utf8").split(" ") as [string, string]);
  expect(runners.length).toBeGreaterThan(0);
  child.kill("SIGKILL");
  await vi.waitFor(() => expect(runners.filter(([pid, startTime]) => findStartTime(Number(pid)) === startTime)).toEqual([]), {
    timeout: 10_000,
  });
  expect(existsSync(folder)).toBe(true);

  const next = createLocalRuntime({
    dataDir,
    python: python!,
    runnerDir: join(import.meta.dirname, "../../runner"),
    warmPool: 0,
    mongo: { address: () => ({ host: "127.0.0.1", port: 1 }) },
    specOf: async () => null,
    logger: { info: () => {}, warn: () => {} },
  });
  await next.start();
  expect(existsSync(folder)).toBe(false);
  expect(records()).toEqual([]);
  await next.stop();
  expect(existsSync(join(dataDir, "run"))).toBe(false);
  await rm(dirname(dataDir), { recursive: true, force: true });
});
