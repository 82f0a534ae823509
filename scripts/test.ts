/**
 * `npm test`: prepares what the tests need, runs all of them, and closes with one plain line of figures.
 * With arguments (`npm test -- server/gateway`) only Vitest runs, on what they name.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { access, mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { prepareBuild } from "#server/prepare/build.ts";
import { findCacheDir } from "#server/prepare/cache.ts";
import { preparePython } from "#server/prepare/python.ts";
import { startDatabase, type Progress, type RunningDatabase } from "#server/storage/embedded/index.ts";
import type { Counts } from "./count-reporter.ts";
import { closingLine, parseJunit } from "./counts.ts";
import { prepareSystem } from "./system-packages.ts";
import { addToTotals } from "./totals.ts";

const root = join(import.meta.dirname, "..");
const named = process.argv.slice(2);
const print = (line: string): void => void process.stdout.write(`${line}\n`);
const environment: NodeJS.ProcessEnv = { ...process.env };
const stop = new AbortController();

const dataDir = await mkdtemp(join(tmpdir(), "fp-tests-"));
let database: RunningDatabase | undefined;
let exitCode = 1;
process.once("SIGINT", () => stop.abort()).once("SIGTERM", () => stop.abort());
try {
  exitCode = await runAll();
} catch (error) {
  if (!stop.signal.aborted) process.stderr.write(`${(error as Error).stack}\n`);
} finally {
  await database?.stop();
  await rm(dataDir, { recursive: true, force: true });
}
process.exit(exitCode);

async function runAll(): Promise<number> {
  const system = await prepareSystem(environment, print);
  for (const line of system.missing) print(line);
  if (system.browser) environment["FP_CHROMIUM"] = system.browser;
  const cacheDir = await findCacheDir(environment, dataDir);
  const signal = stop.signal;
  const [python, running] = await Promise.all([
    environment["FP_PYTHON"] ??
      preparePython({ runnerDir: join(root, "runner"), cacheDir, environment, progress: tell("Python packages"), signal }),
    startDatabase({ dataDir, cacheDir, environment, progress: tell("Database"), log: print, signal }).then(
      (started) => (database = started),
    ),
    named.length === 0 ? prepareBuild({ root, progress: tell("Build"), signal }) : undefined,
  ]);
  environment["FP_PYTHON"] = python;
  environment["FP_TEST_MONGO_URL"] = running.url;

  const counts = await runVitest(system.browser !== null);
  if (named.length === 0) add(counts, await runPytest(python));
  for (const skipped of counts.skipped) print(`skipped: ${skipped}`);
  print(closingLine(await addToTotals(counts, environment)));
  return counts.failed === 0 && counts.passed > 0 ? 0 : 1;
}

async function runVitest(withBrowser: boolean): Promise<Counts> {
  await mkdir(join(root, ".vitest"), { recursive: true });
  const countsPath = join(root, ".vitest", `counts-${process.pid}.json`);
  // The cluster's tests have a command of their own.
  const projects = withBrowser || named.length > 0 ? ["--project=!cluster"] : ["--project=unit", "--project=integration"];
  const code = await run(
    process.execPath,
    [
      join(root, "node_modules/vitest/vitest.mjs"),
      "run",
      "--reporter=default",
      "--reporter=./scripts/count-reporter.ts",
      ...projects,
      ...named,
    ],
    {
      ...environment,
      FP_TEST_COUNTS: countsPath,
    },
  );
  const counts = await readFile(countsPath, "utf8").then(
    (text) => JSON.parse(text) as Counts,
    (): Counts => ({ passed: 0, failed: 0, skipped: [] }),
  );
  await rm(countsPath, { force: true });
  // Vitest itself may fail beside the tests, such as in its set-up.
  if (code !== 0 && counts.failed === 0) counts.failed = 1;
  if (!withBrowser && named.length === 0) counts.skipped.push("tests/e2e: no browser on this machine");
  return counts;
}

async function runPytest(python: string): Promise<Counts> {
  const tests = join(root, "runner/tests");
  await access(tests);
  const report = join(root, ".vitest", `pytest-${process.pid}.xml`);
  const code = await run(
    python,
    ["-m", "pytest", "-q", `--junitxml=${report}`, tests],
    { ...environment, PYTHONDONTWRITEBYTECODE: "1" },
    join(root, "runner"),
  );
  const counts = await readFile(report, "utf8").then(parseJunit, (): Counts => ({ passed: 0, failed: 1, skipped: [] }));
  await rm(report, { force: true });
  if (code !== 0 && counts.failed === 0) counts.failed = 1;
  return counts;
}

async function run(program: string, rest: readonly string[], env: NodeJS.ProcessEnv, cwd = root): Promise<number> {
  const child = spawn(program, rest, { cwd, env, stdio: ["ignore", "inherit", "inherit"] });
  const end = (): void => void child.kill("SIGTERM");
  stop.signal.addEventListener("abort", end);
  const [code] = (await once(child, "exit")) as [number | null];
  stop.signal.removeEventListener("abort", end);
  stop.signal.throwIfAborted();
  return code ?? 1;
}

function add(counts: Counts, more: Counts): void {
  counts.passed += more.passed;
  counts.failed += more.failed;
  counts.skipped.push(...more.skipped);
}

/** One line per step at most every five seconds: a log, not a display. */
function tell(title: string): Progress {
  let saidAt = -Infinity;
  return ({ detail }) => {
    if (performance.now() - saidAt < 5_000) return;
    saidAt = performance.now();
    print(`${title}: ${detail}`);
  };
}
