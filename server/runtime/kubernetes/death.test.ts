import { expect, it } from "vitest";
import { describeDeath, readDeath, toLoadFailure } from "./death.ts";
import { makePod } from "./views.test-part.ts";

const pod = makePod({ memoryMiB: 256 });
const ended = (message: object | string, exitCode = 1, reason = "Error") => ({
  exitCode,
  reason,
  message: typeof message === "string" ? message : JSON.stringify(message),
});

it.each([
  [
    "the init's word of memory",
    ended({ kind: "memory", limitMiB: 128, peakMiB: 127 }),
    "was killed at 128 MB, peak 127 MB: it needs more memory than its limit",
  ],
  [
    "the kubelet's, when the init was killed too",
    ended("", 137, "OOMKilled"),
    "was killed at 256 MB, peak 256 MB: it needs more memory than its limit",
  ],
  ["a crash in native code by name", ended({ kind: "signal", signal: "SIGSEGV" }), "crashed in native code (SIGSEGV)"],
  ["one by number", ended({ kind: "signal", signal: 31 }), "made a system call that the sandbox does not allow (SIGSYS)"],
  ["one that nobody named", ended({ kind: "signal" }), "was killed by SIGKILL"],
  ["the app's own exit code, not pid 1's", ended({ kind: "exit", code: 3 }, 1), "ended by itself with exit code 3"],
  ["sys.exit()", ended({ kind: "exit", code: 0 }, 0), "ended by itself (exit code 0), as after sys.exit() or os._exit(0)"],
  ["garbage as if nothing was written", ended("{not json", 4), "ended by itself with exit code 4"],
  ["what has not the form likewise", ended({ kind: "boredom", code: 9 }, 4), "ended by itself with exit code 4"],
  ["a pod that its node threw out", ended("", 137, "Evicted"), "was killed by SIGKILL"],
  ["a pod that was killed whole", ended("", 137), "was killed by SIGKILL"],
  ["a code above 128 that the app gave itself", ended({ kind: "exit", code: 137 }, 137), "ended by itself with exit code 137"],
])("tells %s", (_, termination, words) => {
  expect(describeDeath(pod, termination)).toBe(words);
});

it("gives whoever waited the error that the app was loaded with, where the init has it", () => {
  const error = { kind: "load", type: "NameError", message: "name 'x' is not defined", file: "main.py", line: 3 };
  expect(toLoadFailure(pod, ended({ kind: "exit", code: 1, error })).error).toEqual(error);
  expect(toLoadFailure(pod, ended({ kind: "memory" })).error).toMatchObject({ kind: "memory", type: "MemoryLimit" });
  expect(toLoadFailure(pod, ended({ kind: "exit", code: 2, error: { kind: "other" } }, 2)).error).toMatchObject({
    kind: "exit",
    message: "The app ended by itself with exit code 2",
  });
});

it("never says that more was used than the limit allows it to say: what is missing is the pod's own limit", () => {
  expect(readDeath(ended({ kind: "memory" }), 256).exit.memory).toEqual({
    limitBytes: 256 * 1_048_576,
    peakBytes: 256 * 1_048_576,
    kills: 1,
  });
});
