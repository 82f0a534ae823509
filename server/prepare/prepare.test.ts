import { mkdir, mkdtemp, readdir, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { prepareBuild } from "./build.ts";
import { findCacheDir, withLock } from "./cache.ts";
import { takeLockFile } from "./lock-file.ts";
import { renderPreparationPage } from "./page.ts";
import { countRequirements, findInterpreter, preparePython } from "./python.ts";
import { createSteps } from "./steps.ts";

let folder: string;
const signal = new AbortController().signal;
beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), "fp-prepare-"))));
afterEach(() => rm(folder, { recursive: true, force: true }));

test("the build runs when a source changed, not when only its time or a test did", async () => {
  await mkdir(join(folder, "app"));
  await mkdir(join(folder, "build"));
  await writeFile(join(folder, "app/root.tsx"), "one");
  const build = () => prepareBuild({ root: folder, progress: () => undefined, signal, command: [process.execPath, "-e", ""] });
  expect(await build()).toBe(true);
  expect(await build()).toBe(false);
  await utimes(join(folder, "app/root.tsx"), 1, 1);
  await writeFile(join(folder, "app/root.test.tsx"), "test");
  expect(await build()).toBe(false);
  await writeFile(join(folder, "app/root.tsx"), "two");
  expect(await build()).toBe(true);
});

test("a build that fails says the builder's last lines and is tried again", async () => {
  await mkdir(join(folder, "build"));
  const build = (code: string) =>
    prepareBuild({ root: folder, progress: () => undefined, signal, command: [process.execPath, "-e", code] });
  await expect(build("console.error('root.tsx(3,4): no'); process.exit(1)")).rejects.toThrow("root.tsx(3,4): no");
  expect(await build("")).toBe(true);
});

test("the Python environment is made once, holds what the lock says, and is made anew after an interruption", async () => {
  // An empty lock file: the packages' downloads belong to no test, the way to them does.
  await writeFile(join(folder, "requirements.lock"), "# nothing\n");
  const prepareIt = () =>
    preparePython({ runnerDir: folder, cacheDir: join(folder, "cache"), environment: process.env, progress: () => undefined, signal });
  const python = await prepareIt();
  const madeAt = (await stat(python.replace("bin/python", ".complete"))).mtimeMs;
  expect(await prepareIt()).toBe(python);
  expect((await stat(python.replace("bin/python", ".complete"))).mtimeMs).toBe(madeAt);

  await rm(python.replace("bin/python", ".complete"));
  await writeFile(python.replace("bin/python", "half-written"), "");
  await prepareIt();
  expect(await readdir(python.replace("/bin/python", ""))).not.toContain("half-written");
}, 120_000);

test("only pinned requirements are counted", () => {
  expect(countRequirements("# a\nfastapi==0.1 \\\n    --hash=sha256:00\nuvicorn[standard]==1.0 ; python_version > '3'\n-r other\n")).toBe(
    2,
  );
});

test("no Python: the line that installs it", async () => {
  await expect(findInterpreter({ PATH: folder })).rejects.toThrow("apt-get install -y python3 python3-venv");
});

test("a cache folder that cannot be written lies in the data folder instead", async () => {
  await writeFile(join(folder, "file"), "");
  expect(await findCacheDir({ XDG_CACHE_HOME: join(folder, "file") }, join(folder, "data"))).toBe(join(folder, "data/cache"));
  expect(await findCacheDir({ XDG_CACHE_HOME: folder }, "/nowhere")).toBe(join(folder, "fastapi-platform"));
});

test("a lock is held by one, and a dead holder's is taken over", async () => {
  const path = join(folder, "lock");
  expect(await takeLockFile(path)).toBeNull();
  expect(await takeLockFile(path)).toMatchObject({ pid: process.pid });
  await writeFile(path, JSON.stringify({ pid: process.pid, startedAt: "of another with this number" }));
  expect(await takeLockFile(path)).toBeNull();
  expect(await readdir(folder)).toEqual(["lock"]);
});

test("two that want the same thing make it one after the other", async () => {
  const order: string[] = [];
  const release = Promise.withResolvers<void>();
  const waits = vi.fn();
  const first = withLock(
    join(folder, "lock"),
    async () => (order.push("first"), await release.promise, order.push("first done")),
    waits,
    signal,
  );
  await vi.waitFor(() => expect(order).toEqual(["first"]));
  const second = withLock(join(folder, "lock"), async () => order.push("second"), waits, signal);
  await vi.waitFor(() => expect(waits).toHaveBeenCalledOnce());
  release.resolve();
  await Promise.all([first, second]);
  expect(order).toEqual(["first", "first done", "second"]);
});

test("the page shows every step, escapes what it is told, and reloads without JavaScript", async () => {
  const steps = createSteps({ python: "Python packages", database: "Database" });
  await steps.run("python", async (progress) => progress({ detail: "<b>pip</b>", fraction: 0.5 }));
  await steps.run("database", () => Promise.reject(new Error("no <way>\nmore"))).catch(() => undefined);
  steps.fail("no <way>\nmore");
  const page = renderPreparationPage(steps.snapshot(), "n");
  expect(page).toContain('<li data-state="done">');
  expect(page).toContain('<li data-state="failed">');
  expect(page).not.toContain("<way>");
  expect(page).toContain('<noscript><meta http-equiv="refresh" content="2"></noscript>');
  expect(page).toContain("prefers-color-scheme:dark");
});
