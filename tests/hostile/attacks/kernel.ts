import { readdirSync, readFileSync } from "node:fs";
import { expect } from "vitest";
import { allRefused, postAttack, type Attack } from "../attack.ts";

/** Calls by which a sandbox is left, and the machine itself is changed. */
const calls = (name: string, lines: string): Attack => ({
  name,
  source: `
@app.post("/attack")
def attack(facts: dict):
    path = ctypes.c_char_p(b"/tmp")
    zero = ctypes.create_string_buffer(256)
    return {${lines}}
`,
  sees: allRefused,
  told: null,
  counter: null,
});

export const kernelAttacks: readonly Attack[] = [
  calls(
    "new user namespaces, and others",
    `**{f"unshare {flag:x}": syscall("unshare", flag) for flag in (0x10000000, 0x20000, 0x20000000, 0x40000000, 0x8000000, 0x4000000, 0x2000000)},
        **{f"clone {flag:x}": syscall("clone", flag | 17, 0, 0, 0, 0) for flag in (0x10000000, 0x20000000, 0x40000000, 0x20000)},
        "clone3": syscall("clone3", zero, 88), "setns": syscall("setns", 0, 0),
        "unshare(1)": attempt(lambda: __import__("subprocess").run(["unshare", "-Ur", "true"], check=True)),
        "bwrap": attempt(lambda: __import__("subprocess").run(["bwrap", "--ro-bind", "/", "/", "true"], check=True))`,
  ),
  calls(
    "mount, chroot and handles",
    `"mount": syscall("mount", path, path, ctypes.c_char_p(b"tmpfs"), 0, 0), "remount": syscall("mount", path, ctypes.c_char_p(b"/usr"), 0, 0x1020, 0),
        "umount": syscall("umount2", path, 2), "pivot": syscall("pivot_root", path, path), "chroot": syscall("chroot", path),
        "open_tree": syscall("open_tree", -100, path, 1), "open_tree_attr": syscall("open_tree_attr", -100, path, 1, 0, 0), "fsopen": syscall("fsopen", path, 0),
        "move_mount": syscall("move_mount", 3, path, -100, path, 0), "statmount": syscall("statmount", zero, zero, 256, 0),
        "by handle": syscall("open_by_handle_at", -100, zero, 0), "handle": syscall("name_to_handle_at", -100, path, zero, zero, 0),
        "device": attempt(lambda: os.mknod("/tmp/disk", 0o60600, os.makedev(254, 0))), "memory": attempt(lambda: os.mknod("/tmp/mem", 0o20600, os.makedev(1, 1)))`,
  ),
  calls(
    "bpf, keyctl, io_uring, modules and their like",
    `**{name: syscall(name, 0, zero, 128, 0, 0) for name in ("bpf", "userfaultfd", "io_uring_setup", "init_module", "finit_module", "kexec_load",
        "reboot", "swapon", "iopl", "ioperm", "quotactl", "syslog", "fanotify_init", "memfd_secret", "vmsplice", "add_key", "request_key")},
        "keyctl": syscall("keyctl", 0, -3, 1), "personality": syscall("personality", 0x0040000), "hostname": syscall("sethostname", path, 4)`,
  ),
  calls(
    "setuid binaries and capabilities",
    `"setuid": syscall("setuid", 0), "setgid": syscall("setgid", 0), "setgroups": syscall("setgroups", 0, 0),
        "su": attempt(lambda: __import__("subprocess").run(["su", "-c", "id"], check=True, stdin=-3, capture_output=True)),
        "chmod": attempt(lambda: (__import__("shutil").copy("/usr/bin/id", "/tmp/id"), os.chown("/tmp/id", 0, 0))),
        "a setuid copy": "DONE" if os.getuid() == 0 or os.geteuid() == 0 else "no root",
        "capabilities": "DONE" if any(line.split()[1].strip("0") for line in open("/proc/self/status") if line.startswith("Cap")) else "none",
        "no_new_privs": "set" if "NoNewPrivs:\\t1" in open("/proc/self/status").read() else "DONE"`,
  ),
  calls(
    "raw sockets and foreign families",
    `**{f"socket {family} {kind} {protocol}": attempt(lambda: socket.socket(family, kind, protocol)) for family, kind, protocol in (
        (2, 3, 1), (2, 3, 255), (10, 3, 58), (17, 3, 768), (17, 2, 768), (40, 1, 0), (40, 2, 0), (38, 5, 0), (30, 5, 0), (44, 3, 0), (2, 1, 132), (2, 5, 0),
        (2, 6, 33), (2, 1, 262), (16, 3, 12), (16, 3, 16), (16, 3, 6), (16, 3, 9), (15, 3, 2), (29, 3, 1), (31, 3, 1), (21, 5, 0), (3, 2, 0), (9, 5, 0))}`,
  ),
  calls(
    "typing into a terminal",
    `"TIOCSTI": attempt(lambda: __import__("fcntl").ioctl(os.open("/dev/ptmx", os.O_RDWR | os.O_NOCTTY), 0x5412, b"x")),
        "TIOCSETD": attempt(lambda: __import__("fcntl").ioctl(os.open("/dev/ptmx", os.O_RDWR | os.O_NOCTTY), 0x5423, struct.pack("i", 13))),
        "the terminal": attempt(lambda: os.open("/dev/tty", os.O_RDWR)), "the console": attempt(lambda: os.open("/dev/console", os.O_RDWR))`,
  ),
  calls(
    "writing to /proc/sys and /sys",
    `**{name: attempt(lambda: os.write(os.open(name, os.O_WRONLY), b"1")) for name in ("/proc/sys/kernel/core_pattern", "/proc/sys/kernel/hostname", "/proc/sys/net/ipv4/ip_forward",
        "/proc/sys/vm/drop_caches", "/proc/sysrq-trigger", "/sys/power/state", "/proc/1/oom_score_adj", "/proc/self/uid_map", "/proc/self/setgroups",
        "/proc/self/attr/current", "/proc/irq/0/smp_affinity", "/sys/fs/cgroup/memory/memory.limit_in_bytes", "/proc/self/loginuid")},
        "less likely to be killed": attempt(lambda: os.write(os.open("/proc/self/oom_score_adj", os.O_WRONLY), b"-1000"))`,
  ),
  calls(
    "clock changes",
    `"settime": syscall("clock_settime", 0, struct.pack("qq", 1, 0)), "settimeofday": syscall("settimeofday", struct.pack("qq", 1, 0), 0),
        "adjtimex": syscall("adjtimex", zero), "clock_adjtime": syscall("clock_adjtime", 0, zero), "time": attempt(lambda: time.clock_settime(0, 1))`,
  ),
  calls(
    "going first: priorities and real time",
    `"nice": attempt(lambda: os.setpriority(os.PRIO_PROCESS, 0, -5)), "real time": attempt(lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))),
        "round robin": attempt(lambda: os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))),
        "more descriptors": attempt(lambda: __import__("resource").setrlimit(__import__("resource").RLIMIT_NOFILE, (1 << 20, 1 << 20))),
        "core files": attempt(lambda: __import__("resource").setrlimit(__import__("resource").RLIMIT_CORE, (1 << 20, 1 << 20)))`,
  ),
  {
    name: "a core dump",
    source: `
@app.post("/attack")
def attack(facts: dict):
    os.abort()
`,
    sees: (_seen, { platform }) => {
      const cores = [platform.dataDir, "/tmp", process.cwd()].flatMap((folder) =>
        readdirSync(folder).filter((name) => /^core(\.\d+)?$/.test(name)),
      );
      expect(cores.filter((name) => name !== "core")).toEqual([]);
    },
    told: { status: "sleeping", reason: /^The app aborted in native code \(SIGABRT\)$/ },
    counter: 'fp_instance_ends_total{reason="killed"}',
  },
  {
    name: "a crash in native code",
    source: `
@app.post("/attack")
def attack(facts: dict):
    ctypes.string_at(0)
`,
    sees: /app_failed/,
    told: { status: "sleeping", reason: /^The app crashed in native code \(SIGSEGV\)$/ },
    counter: 'fp_instance_ends_total{reason="killed"}',
  },
  {
    name: "shared memory and semaphores left over",
    source: `
@app.post("/attack")
def attack(facts: dict):
    made = []
    for key in range(20):
        made.append(libc.shmget(key + 1, 4096, 0o1666))
        made.append(libc.semget(key + 1, 1, 0o1666))
        made.append(libc.msgget(key + 1, 0o1666))
    os._exit(0) if min(made) < 0 else None
    threading.Timer(0.1, os._exit, (0,)).start()
    return {"made": len(made)}
`,
    act: async (attacker, world) => {
      const before = leftovers();
      const seen = await postAttack(attacker, world.facts);
      expect(leftovers()).toEqual(before);
      return seen;
    },
    sees: /^\{"made":60\}$/,
    told: { reason: /ended by itself \(exit code 0\)/ },
    counter: 'fp_instance_ends_total{reason="exit"}',
  },
];

const leftovers = () => ["shm", "sem", "msg"].map((kind) => readFileSync(`/proc/sysvipc/${kind}`, "utf8"));
