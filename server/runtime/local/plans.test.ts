import { describe, expect, it } from "vitest";
import { familyWeight, findCgroupHome, limitWrites, parseKills } from "./cgroup-plan.ts";
import { createLineRate, createLineReader } from "../lines.ts";
import { parseRunnerMessage, toMongoUri } from "../protocol.ts";
import { findIdRange, sandboxArgv, type SandboxPlan } from "./sandbox.ts";

const plan: SandboxPlan = {
  bwrap: "/usr/bin/bwrap",
  isRoot: true,
  links: [["/lib", "usr/lib"]],
  readOnly: ["/usr", "/root/venv"],
  files: [["/data/run/passwd", "/etc/passwd"]],
  runnerDir: "/srv/runner",
  folders: "/data/run",
  env: { PATH: "/usr/bin" },
  command: ["/root/venv/bin/python", "-m", "fp_runner", "zygote"],
};

describe("the command line of the zygote's sandbox", () => {
  it("as root keeps what a fork needs to become a user of its own, and no more", () => {
    const argv = sandboxArgv(plan);
    const words = argv.join(" ");
    expect(words).toContain("--unshare-net --unshare-ipc --unshare-uts");
    expect(words).toContain("--cap-drop ALL --cap-add CAP_SYS_ADMIN --cap-add CAP_SETUID --cap-add CAP_SETGID --cap-add CAP_SETPCAP");
    expect(words).not.toContain("--unshare-user");
    expect(words).toContain("--dir /root --dir");
    expect(words).toContain("-- /root/venv/bin/python -m fp_runner zygote");
  });

  it("shows nothing that can be written but the instances' folders, which each fork covers", () => {
    const argv = sandboxArgv(plan);
    const writable = argv.flatMap((word, at) => (word === "--bind" ? [argv[at + 2]] : []));
    expect(writable).toEqual(["/run/instances"]);
  });

  it("otherwise takes a user namespace, and the machine's /proc, where instances mount their own over", () => {
    const words = sandboxArgv({ ...plan, isRoot: false }).join(" ");
    expect(words).toContain("--unshare-user --cap-drop ALL");
    expect(words).toContain("--bind /proc /proc");
  });

  it("finds spare user ids, or says that there are none", () => {
    expect(findIdRange("         0          0 4294967295\n")).toEqual({ first: 1_879_048_192, count: 65_536 });
    expect(findIdRange("0 100000 65536\n")).toEqual({ first: 35_536, count: 30_000 });
    expect(findIdRange("0 1000 1\n")).toBeNull();
  });
});

describe("cgroups", () => {
  it("are found in version 1, inside a container's own part", () => {
    const mounts = ["memory", "cpu,cpuacct", "pids"].map(
      (name, index) =>
        `${30 + index} 20 0:${index} ${name === "memory" ? "/box" : "/"} /sys/fs/cgroup/${name} rw - cgroup cgroup rw,${name}`,
    );
    const own = "4:memory:/box/inner\n2:cpu,cpuacct:/\n3:pids:/x\n0::/\n";
    expect(findCgroupHome(mounts.join("\n"), own)).toEqual({
      version: 1,
      folders: { memory: "/sys/fs/cgroup/memory/inner", cpu: "/sys/fs/cgroup/cpu,cpuacct", pids: "/sys/fs/cgroup/pids/x" },
    });
  });

  it("are found in version 2", () => {
    const mount = "29 23 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate";
    expect(findCgroupHome(mount, "0::/user.slice/a.scope\n")).toEqual({ version: 2, folder: "/sys/fs/cgroup/user.slice/a.scope" });
    expect(findCgroupHome("", "0::/\n")).toBeNull();
  });

  it("get limits in both versions", () => {
    const limits = { memoryMiB: 256, cpus: 0.5, processes: 64 };
    expect(limitWrites(1, limits).map(({ file, value }) => `${file}=${value}`)).toContain("memory.limit_in_bytes=268435456");
    expect(limitWrites(2, limits).map(({ file, value }) => `${file}=${value}`)).toContain("cpu.max=50000 100000");
    expect(parseKills("oom_kill_disable 0\nunder_oom 0\noom_kill 2\n")).toBe(2);
    expect(parseKills("low 0\noom 3\noom_kill 1\n")).toBe(1);
  });
});

describe("output", () => {
  it("is cut into lines across chunks and characters", () => {
    const lines: string[] = [];
    const reader = createLineReader((line) => lines.push(line));
    for (const byte of Buffer.from("grüezi\r\n\nzwei")) reader.push(Buffer.from([byte]));
    reader.end();
    expect(lines).toEqual(["grüezi", "", "zwei"]);
  });
  it("keeps no more of a line than its bound", () => {
    const lines: string[] = [];
    const reader = createLineReader((line) => lines.push(line), 1024);
    for (let count = 0; count < 100; count++) reader.push(Buffer.alloc(100, "x"));
    reader.push(Buffer.from("\nnext\n"));
    expect(lines).toEqual([`${"x".repeat(1024)} … (cut at 1 KiB)`, "next"]);
  });
  it("is limited in rate, with a count of what was left out", () => {
    const rate = createLineRate(10, 1000, 1);
    const admitted = Array.from({ length: 25 }, () => rate.admit(10, 0)).filter(Boolean);
    expect(admitted).toHaveLength(10);
    expect(rate.takeDropped()).toBe(15);
    expect(rate.admit(10, 500)).toBe(true);
  });
});

describe("what a runner says", () => {
  it("is taken only as agreed", () => {
    expect(parseRunnerMessage('{"type":"ready","ms":25}')).toEqual({ type: "ready", ms: 25 });
    for (const line of ["", "null", "[]", '{"type":"claim"}', '{"type":"ready"}', '{"type":"loaded","report":{}}'])
      expect(parseRunnerMessage(line)).toBeNull();
  });
  it("has its nulls left out and its texts bounded", () => {
    const error = { kind: "load", type: "E", message: "x".repeat(20_000), file: null, line: null, traceback: null };
    const message = parseRunnerMessage(JSON.stringify({ type: "failed", error, report: null }));
    expect(message).toEqual({ type: "failed", error: { kind: "load", type: "E", message: `${"x".repeat(8_000)}…` }, report: null });
  });
});

it("gives an app its database's address by socket, whatever is in its password", () => {
  const uri = toMongoUri("/run/fp/mongo.sock", { name: "user_1", username: "u@x", password: "p:/ä" });
  expect(uri).toBe(
    "mongodb://u%40x:p%3A%2F%C3%A4@%2Frun%2Ffp%2Fmongo.sock/user_1?directConnection=true&timeoutMS=30000&maxPoolSize=10&maxIdleTimeMS=60000&authSource=user_1",
  );
});

it("all instances together weigh as many other processes as there are cores", () => {
  expect(familyWeight(1, 2)).toEqual({ controller: "cpu", file: "cpu.shares", value: "2048" });
  expect(familyWeight(2, 4)).toEqual({ controller: "cpu", file: "cpu.weight", value: "400" });
  expect(familyWeight(1, 1_000).value).toBe("262144");
  expect(familyWeight(2, 1_000).value).toBe("10000");
});
