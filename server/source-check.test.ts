import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { checkPython } from "#core/python/index.ts";
import { waitFor } from "../tests/wait.ts";
import { createSyntaxChecker } from "./python-syntax.ts";
import { createSourceChecker, type SourceChecker, type SourceCheckerOptions } from "./source-check.ts";

const rootDir = join(import.meta.dirname, "..");
const allowedImports = new Set(["fastapi"]);
const files = { "app.py": "import numpy\nfrom fastapi import FastAPI\napp = FastAPI()\nbreak\n", "broken.py": "def (:\n" };
const opened: SourceChecker[] = [];

function open(options: Partial<SourceCheckerOptions> = {}): SourceChecker {
  const checker = createSourceChecker({ rootDir, pythonVersion: "3.11", allowedImports: () => allowedImports, ...options });
  opened.push(checker);
  return checker;
}
afterEach(() => {
  for (const checker of opened.splice(0)) checker.stop();
});

/** The checking processes that this one has started and that live. */
function findProcesses(): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && existsSync(`/proc/${name}/stat`))
    .filter((pid) => {
      try {
        const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
        const [state, parent] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
        return (
          state !== "Z" && Number(parent) === process.pid && readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("source-check-process")
        );
      } catch {
        return false;
      }
    })
    .map(Number);
}

test("the process finds what a check in this one finds, and does not see the platform's environment", async () => {
  const expected = checkPython(files, { entrypoint: "app.py", allowedImports, syntaxErrors: createSyntaxChecker("3.11") });
  expect(expected.problems.length).toBeGreaterThan(2);
  process.env["FP_TEST_SECRET_OF_THE_PLATFORM"] = "hidden";
  const checker = open();
  expect(await checker.check(files, "app.py")).toEqual(expected);
  const [pid] = findProcesses();
  expect(readFileSync(`/proc/${pid}/environ`, "utf8")).not.toContain("hidden");
});

test("checks at once share one process, and each gets its own answer", async () => {
  const checker = open();
  const sources = Array.from({ length: 20 }, (_, index) => ({ "app.py": `${"\n".repeat(index)}def (:\n` }));
  const results = await Promise.all(sources.map((source) => checker.check(source, "app.py")));
  expect(results.map(({ problems }) => problems[0]!.line)).toEqual(sources.map((_, index) => index + 1));
  expect(findProcesses()).toHaveLength(1);
});

test("the process ends when nothing is checked, and the next check starts another", async () => {
  const checker = open({ idleMs: 50 });
  checker.prepare();
  expect(findProcesses()).toHaveLength(1);
  await waitFor("it has ended", () => findProcesses().length === 0);
  expect((await checker.check({ "app.py": "app = 1\n" }, "app.py")).ok).toBe(true);
  await waitFor("it has ended again", () => findProcesses().length === 0);
});

test("a check whose process is killed is made again in another", async () => {
  const checker = open();
  const checking = checker.check(files, "app.py");
  process.kill(findProcesses()[0]!, "SIGKILL");
  expect((await checking).ok).toBe(false);
});

test("a check that ends its process every time is given up with words, and others are answered", async () => {
  const checker = open();
  const killing = setInterval(() => findProcesses().forEach((pid) => process.kill(pid, "SIGKILL")), 5);
  const checking = checker.check(files, "app.py").catch((error: unknown) => error);
  void checking.then(() => clearInterval(killing));
  expect(await checking).toMatchObject({ code: "runtime_unavailable", message: expect.stringContaining("What was saved is kept") });
  expect((await checker.check({ "app.py": "app = 1\n" }, "app.py")).ok).toBe(true);
});

test("a check that takes too long is given up, and the process that hangs over it is ended", async () => {
  const checker = open({ longestMs: 300 });
  checker.prepare();
  const [stopped] = findProcesses();
  process.kill(stopped!, "SIGSTOP");
  await expect(checker.check(files, "app.py")).rejects.toMatchObject({ code: "runtime_unavailable" });
  await waitFor("it has ended", () => !findProcesses().includes(stopped!));
});

test("after stop nothing runs and nothing is started", async () => {
  const checker = open();
  const checking = checker.check(files, "app.py").catch((error: unknown) => error);
  checker.stop();
  expect(await checking).toMatchObject({ code: "runtime_unavailable" });
  await expect(checker.check(files, "app.py")).rejects.toMatchObject({ code: "runtime_unavailable" });
  await waitFor("it has ended", () => findProcesses().length === 0);
});

test("the process ends with the one that started it, however that ends", async () => {
  const script = `
    import { createSourceChecker } from ${JSON.stringify(join(rootDir, "server/source-check.ts"))};
    const checker = createSourceChecker({ rootDir: ${JSON.stringify(rootDir)}, pythonVersion: "3.11", allowedImports: () => new Set() });
    await checker.check({ "app.py": "app = 1" }, "app.py");
    const { readdirSync, readFileSync } = await import("node:fs");
    const mine = readdirSync("/proc/self/task").flatMap((id) => readFileSync("/proc/self/task/" + id + "/children", "utf8").trim().split(" "));
    console.log(mine.filter(Boolean)[0]);
    process.kill(process.pid, "SIGKILL");`;
  let output = "";
  try {
    execFileSync(process.execPath, ["--input-type=module", "-e", script], {
      cwd: rootDir,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "inherit"],
    });
  } catch (error) {
    output = (error as { stdout: string }).stdout;
  }
  const pid = output.trim();
  expect(pid).toMatch(/^\d+$/);
  await waitFor("it has ended", () => !existsSync(`/proc/${pid}/cmdline`) || readFileSync(`/proc/${pid}/cmdline`, "utf8") === "");
});
