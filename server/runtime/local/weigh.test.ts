import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, onTestFinished, test } from "vitest";
import { waitFor } from "../../../tests/wait.ts";
import { parsePrivate, weighRunner } from "./weigh.ts";

test("reads the pages of its own from the kernel's summary", () => {
  const rollup =
    "00400000-7fff ---p 00000000 00:00 0 [rollup]\nRss:  100 kB\nShared_Clean:  70 kB\nPrivate_Clean:  10 kB\nPrivate_Dirty:  20 kB\n";
  expect(parsePrivate(rollup)).toBe(30 * 1024);
  expect(parsePrivate("")).toBeNull();
});

test.skipIf(process.platform !== "linux")("weighs a process with its children, and nothing once it has ended", async () => {
  const inner = "const held = Buffer.alloc(40 << 20, 1); process.stdout.write('.'); setInterval(() => held, 1e6)";
  const outer = `require("child_process").spawn(process.execPath, ["-e", ${JSON.stringify(inner)}], { stdio: "inherit" }); setInterval(() => {}, 1e6)`;
  const child = spawn(process.execPath, ["-e", outer], { stdio: ["ignore", "pipe", "inherit"], detached: true });
  onTestFinished(() => {
    if (child.exitCode === null && child.signalCode === null) process.kill(-child.pid!, "SIGKILL");
  });
  await once(child.stdout, "data");
  expect(await weighRunner(child.pid!)).toBeGreaterThan(50 << 20);
  const ended = once(child, "exit");
  process.kill(-child.pid!, "SIGKILL");
  await ended;
  await waitFor("it weighs nothing", async () => (await weighRunner(child.pid!)) === null);
  expect(await weighRunner(null)).toBeNull();
});
