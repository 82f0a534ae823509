import { describe, expect, it } from "vitest";
import { describeExit, describeStuck, endReason, exitToLoadError, type Exit } from "./exit-reason.ts";

const memory = { limitBytes: 256 * 1_048_576, peakBytes: 256 * 1_048_576, kills: 1 };
const exit = (changes: Partial<Exit>): Exit => ({ code: null, signal: null, memory: null, ...changes });

describe("the reason of an end", () => {
  it("names memory with limit and peak before any signal", () => {
    const words = expect.stringMatching(/^was killed at 256 MB, peak 256 MB/) as string;
    expect(describeExit(exit({ signal: "SIGKILL", memory }))).toEqual({ kind: "memory", words });
  });

  it("does not blame memory for an end of its own after a process of the app was killed", () => {
    for (const code of [0, 1, 137]) expect(describeExit(exit({ code, memory }))).toMatchObject({ kind: "exit" });
    expect(describeExit(exit({ signal: "SIGSEGV", memory }))).toMatchObject({ kind: "killed" });
  });

  it("tells signals and exit codes apart: a code above 128 is what the app said itself", () => {
    expect(describeExit(exit({ signal: "SIGABRT" })).words).toBe("aborted in native code (SIGABRT)");
    expect(describeExit(exit({ signal: "SIGSEGV" })).words).toBe("crashed in native code (SIGSEGV)");
    expect(describeExit(exit({ code: 139 }))).toEqual({ kind: "exit", words: "ended by itself with exit code 139" });
    expect(describeExit(exit({ signal: "SIGKILL" }))).toEqual({ kind: "killed", words: "was killed by SIGKILL" });
    expect(describeExit(exit({ signal: "SIGSYS" })).words).toContain("a system call that the sandbox does not allow");
    expect(describeExit(exit({ code: 0 })).words).toContain("os._exit(0)");
    expect(describeExit(exit({})).words).toBe("ended by itself with exit code unknown");
  });

  it("becomes the error of a deployment, with the app's last words", () => {
    expect(exitToLoadError(exit({ code: 5, memory: { ...memory, kills: 0 } }), "last words\n")).toEqual({
      kind: "exit",
      type: "ProcessExit",
      message: "The app ended by itself with exit code 5",
      traceback: "last words",
    });
    expect(exitToLoadError(exit({ signal: "SIGKILL", memory }), "")).toMatchObject({ kind: "memory", type: "MemoryLimit" });
  });

  it("counts as what was asked for, unless it had to be killed for not obeying", () => {
    expect(endReason(exit({ code: 0 }), "idle")).toBe("idle");
    expect(endReason(exit({ code: 0 }), null)).toBe("exit");
    expect(endReason(exit({ signal: "SIGSEGV" }), null)).toBe("killed");
    expect(endReason(exit({ signal: "SIGKILL", memory }), null)).toBe("memory");
    const stuck = exit({ signal: "SIGKILL", stuckMs: 10_000 });
    expect(endReason(stuck, "idle")).toBe("stuck");
    expect(describeStuck(stuck)).toMatch(/^The app did not end within 10 s of being asked to, and was killed/);
    expect(describeStuck(exit({ code: 0 }))).toBeNull();
  });
});
