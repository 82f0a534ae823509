import { readdirSync, readFileSync } from "node:fs";
import { expect } from "vitest";
import { waitFor } from "../../wait.ts";
import { allRefused, postAttack, type Attack, type Attacker } from "../attack.ts";
import type { HostileWorld } from "../world.ts";

/** Against other processes, and with too many of their own. */
export const processAttacks: readonly Attack[] = [
  {
    name: "/proc of others",
    source: `
@app.post("/attack")
def attack(facts: dict):
    own = [pid for pid in os.listdir("/proc") if pid.isdigit()]
    results = {f"{name} of {pid}": attempt(lambda: open(f"/proc/{pid}/{name}", "rb").read(100))
        for pid in facts["pids"] for name in ("cmdline", "environ", "maps", "mem", "status")}
    results.update({f"{name} of the first": attempt(lambda: open(f"/proc/1/{name}", "rb").read(100)) for name in ("environ", "mem", "maps", "syscall", "stack")})
    results["descriptors of the first"] = attempt(lambda: os.listdir("/proc/1/fd"))
    results["processes in sight"] = f"DONE {own}" if len(own) > 3 else "own"
    return results
`,
    sees: allRefused,
    told: null,
    counter: null,
  },
  {
    name: "signals to others",
    source: `
@app.post("/attack")
def attack(facts: dict):
    results = {f"{number} to {pid}": attempt(lambda: os.kill(pid, number)) for pid in facts["pids"] for number in (0, 9, 15, 19)}
    results.update({f"group {pid}": attempt(lambda: os.killpg(pid, 9)) for pid in facts["pids"]})
    results.update({f"handle of {pid}": attempt(lambda: os.pidfd_open(pid)) for pid in facts["pids"]})
    return results
`,
    sees: allRefused,
    told: null,
    counter: null,
  },
  {
    name: "killing the first process of its namespace, and all",
    source: `
@app.post("/attack")
def attack(facts: dict):
    for number in (1, 2, 9, 15, 19):
        attempt(lambda: os.kill(1, number))
    attempt(lambda: os.kill(-1, 15))
    attempt(lambda: os.kill(-1, 9))
    return "still here"
`,
    sees: /still here|app_failed/,
    told: null,
    counter: null,
  },
  {
    name: "ptrace and others' memory",
    source: `
@app.post("/attack")
def attack(facts: dict):
    buffer = ctypes.create_string_buffer(64)
    vector = struct.pack("QQ", ctypes.addressof(buffer), 64)
    results = {}
    for pid in [1, os.getpid(), *facts["pids"]]:
        results[f"ptrace {pid}"] = syscall("ptrace", 16, pid, 0, 0)
        results[f"read {pid}"] = syscall("process_vm_readv", pid, vector, 1, vector, 1, 0)
        results[f"write {pid}"] = syscall("process_vm_writev", pid, vector, 1, vector, 1, 0)
        results[f"compare {pid}"] = syscall("kcmp", os.getpid(), pid, 0, 0, 0)
    results["descriptor"] = syscall("pidfd_getfd", os.pidfd_open(os.getpid()), 3, 0)
    results["perf"] = syscall("perf_event_open", 0, 0, -1, -1, 0)
    results["memory of the first"] = attempt(lambda: open("/proc/1/mem", "r+b"))
    return results
`,
    sees: allRefused,
    told: null,
    counter: null,
  },
  {
    name: "a fork bomb",
    heavy: true,
    source: `
@app.post("/attack")
def attack(facts: dict):
    # Its first process has one share in a hundred of the CPU that they have together: it goes on until it is refused itself.
    least, most, started, refused, children = time.monotonic() + 3, time.monotonic() + 20, 0, 0, []
    stop = __import__("mmap").mmap(-1, 1)
    while time.monotonic() < (most if refused == 0 else least):
        try:
            pid = os.fork()
        except OSError:
            refused += 1
            time.sleep(0.001)
            continue
        while pid == 0:
            try: os.fork()
            except OSError: pass
            if stop[0] or time.monotonic() > most: os._exit(0)
        started += 1
        children.append(pid)
    stop[0] = 1
    for pid in children:
        attempt(lambda: os.kill(pid, 9))
    return {"started": started, "refused": refused > 0}
`,
    sees: /"refused":true|app_failed/,
    told: { log: /A process or thread could not be started.*: the app has as many as it may, 128/ },
    counter: 'fp_limited_total{what="processes"}',
  },
  {
    name: "threads without end",
    heavy: true,
    source: `
@app.post("/attack")
def attack(facts: dict):
    threads = 0
    try:
        for threads in range(5000):
            threading.Thread(target=time.sleep, args=(3,), daemon=True).start()
    except RuntimeError as error:
        return f"{threads} threads, then {error}"
    return "DONE"
`,
    sees: /^"\d+ threads, then can't start new thread"$/,
    told: { log: /A process or thread could not be started/ },
    counter: 'fp_limited_total{what="processes"}',
  },
  {
    name: "threads that never end",
    slow: true,
    source: `
@app.post("/attack")
def attack(facts: dict):
    def spin():
        while True: time.sleep(0.1)
    threading.Thread(target=spin).start()
    return "running for ever"
`,
    act: putToSleepAfter,
    sees: /running for ever/,
    told: { status: "sleeping", log: /The app did not end within 10 s of being asked to, and was killed/ },
    counter: 'fp_instance_ends_total{reason="stuck"}',
  },
  {
    name: "catching SIGTERM and refusing to end",
    slow: true,
    source: `
@app.post("/attack")
async def attack(facts: dict):
    for number in range(1, 65):
        attempt(lambda: signal.signal(number, signal.SIG_IGN))
    def hold():
        while True:
            try: time.sleep(1)
            except BaseException: pass
    import asyncio
    asyncio.get_running_loop().call_later(0.2, hold)
    return "staying"
`,
    act: async (attacker, world) => {
      const seen = await postAttack(attacker);
      // Asked to end before that, it would end.
      await waitFor("it holds on", async () => (await attacker.call("/alive", { timeoutMs: 500 }).catch(() => null)) === null);
      await putToSleep(attacker, world);
      return seen;
    },
    sees: /staying/,
    told: { status: "sleeping", log: /The app did not end within 10 s of being asked to, and was killed/ },
    counter: 'fp_instance_ends_total{reason="stuck"}',
  },
  {
    name: "zombies left behind",
    source: `
@app.post("/attack")
def attack(facts: dict):
    pids = []
    for _ in range(60):
        pid = os.fork()
        if pid == 0:
            if os.fork() == 0: os._exit(0)
            os._exit(0)
        pids.append(pid)
    return {"left": len(pids)}
`,
    act: putToSleepAfter,
    sees: async (seen) => {
      expect(seen).toBe('{"left":60}');
      await waitFor("no zombie of an app's user is left", () => zombies().length === 0);
    },
    told: { status: "sleeping" },
    counter: 'fp_instance_ends_total{reason="asked"}',
  },
];

/** Ids of users that belong to instances alone (server/runtime/local/sandbox.ts); in a user namespace there is none to tell them by. */
const firstDedicatedUser = 1_879_048_192;

function zombies(): string[] {
  return readdirSync("/proc").filter((name) => {
    try {
      const status = readFileSync(`/proc/${name}/status`, "utf8");
      return /^State:\s+Z/m.test(status) && Number(/^Uid:\s+(\d+)/m.exec(status)?.[1]) >= firstDedicatedUser;
    } catch {
      // No process, or one that has just ended.
      return false;
    }
  });
}

/** The attack, and then the owner's order to sleep. */
async function putToSleepAfter(attacker: Attacker, world: HostileWorld): Promise<string> {
  const seen = await postAttack(attacker);
  await putToSleep(attacker, world);
  return seen;
}

async function putToSleep(attacker: Attacker, { platform, token }: HostileWorld): Promise<void> {
  await platform.api(token, "POST", `/api/apps/${attacker.id}/sleep`);
}
