import { expect } from "vitest";
import { waitFor } from "../../wait.ts";
import { expectFull, type Attack } from "../attack.ts";

/** Takes more than its share of what there is. */
export const resourceAttacks: readonly Attack[] = [
  {
    name: "a memory bomb",
    heavy: true,
    source: `
@app.post("/attack")
def attack(facts: dict):
    kept = []
    while True:
        kept.append(bytearray(b"x") * 1_048_576)
`,
    sees: /app_failed/,
    told: { status: "sleeping", reason: /^The app was killed at 256 MB, peak 25\d MB: it needs more memory than its limit$/ },
    counter: 'fp_instance_ends_total{reason="memory"}',
  },
  {
    name: "a memory bomb in a child",
    source: `
@app.post("/attack")
def attack(facts: dict):
    pid = os.fork()
    if pid == 0:
        open("/proc/self/oom_score_adj", "w").write("1000")
        kept = []
        while True:
            kept.append(bytearray(b"x") * 1_048_576)
    _, status = os.waitpid(pid, 0)
    return {"signal": os.WTERMSIG(status)}
`,
    sees: /"signal":9|app_failed/,
    told: { log: /killed( at 256 MB|: together they needed more than 256 MB)/ },
    counter: null,
  },
  {
    name: "a disk bomb",
    heavy: true,
    source: `
def fill(folder):
    written = 0
    try:
        with open(f"{folder}/fill", "wb", buffering=0) as file:
            while written < 2000:
                written += file.write(b"x" * 1_048_576) / 1_048_576
        return "DONE"
    except OSError as error:
        return f"{int(written)} MB, then {errno.errorcode[error.errno]}"
    finally:
        attempt(lambda: os.unlink(f"{folder}/fill"))

def litter(folder):
    os.mkdir(f"{folder}/litter")
    try:
        for count in range(2_000_000):
            open(f"{folder}/litter/{count}", "w").close()
            if count % 5000 == 0 and time.monotonic() > until: return f"{count} files in its time"
    except OSError as error:
        return f"{count} files, then {errno.errorcode[error.errno]}"
    return "DONE"

@app.post("/attack")
def attack(facts: dict):
    global until
    until = time.monotonic() + 2
    results = {folder: fill(folder) for folder in ("/tmp", "/dev/shm", "/run/fp", os.getcwd())}
    results.update({path: attempt(lambda: open(f"{path}/fill", "wb").write(b"x")) for path in ("/", "/usr", "/var", "/run", "/opt/fp", "/etc", "/dev", "/proc", "/run/instances")})
    return {**results, "litter": litter("/tmp")}
`,
    sees: expectFull({ "/tmp": /^6\d MB, then ENOSPC$/, "/dev/shm": /^1\d MB, then ENOSPC$/ }),
    told: null,
    counter: null,
  },
  {
    name: "a full disk, as its owner sees it",
    source: `
@app.post("/attack")
def attack(facts: dict):
    with open("/tmp/fill", "wb", buffering=0) as file:
        try:
            while True: file.write(b"x" * 1_048_576)
        finally:
            os.unlink("/tmp/fill")
`,
    sees: /Internal Server Error/,
    told: { exception: /No space left on device/ },
    counter: null,
  },
  {
    name: "a file descriptor bomb",
    source: `
@app.post("/attack")
def attack(facts: dict):
    held = []
    try:
        while True: held.append(os.open("/dev/null", os.O_RDONLY))
    finally:
        count = len(held)
        for fd in held: os.close(fd)
        if count > 4096: os._exit(1)
`,
    sees: /Internal Server Error/,
    told: { exception: /Too many open files/ },
    counter: null,
  },
  {
    name: "10,000 open sockets",
    heavy: true,
    source: `
@app.post("/attack")
def attack(facts: dict):
    listener = socket.create_server(("127.0.0.1", 0), backlog=4096)
    held, refused = [], ""
    for _ in range(10_000):
        try:
            held.append(socket.create_connection(listener.getsockname(), timeout=1))
        except OSError as error:
            refused = errno.errorcode.get(error.errno, str(error))
            break
    count = len(held)
    for each in held: each.close()
    listener.close()
    return {"opened": count, "refused": refused}
`,
    sees: (seen) => {
      const { opened, refused } = JSON.parse(seen) as { opened: number; refused: string };
      expect(opened).toBeLessThanOrEqual(4096);
      expect(refused).not.toBe("");
    },
    told: null,
    counter: null,
  },
  {
    name: "10,000 connections to the database and to itself",
    heavy: true,
    source: `
@app.post("/attack")
def attack(facts: dict):
    held, refused = [], {}
    for path in ("/run/fp/mongo.sock", "/run/fp/app.sock", "/run/fp/egress.sock"):
        for _ in range(3_500):
            try:
                each = socket.socket(socket.AF_UNIX)
                each.settimeout(0.2)
                each.connect(path)
                held.append(each)
            except OSError as error:
                refused[path] = str(error)
                break
    count = len(held)
    for each in held: each.close()
    return {"opened": count, "refused": refused}
`,
    sees: /"opened":\d+/,
    told: null,
    counter: null,
  },
  {
    name: "inotify and epoll to the last",
    source: `
@app.post("/attack")
def attack(facts: dict):
    import select
    held, refused = [], {}
    for name, make in (("inotify", libc.inotify_init), ("eventfd", lambda: libc.eventfd(0, 0)), ("epoll", lambda: libc.epoll_create1(0))):
        for count in range(5_000):
            fd = make()
            if fd < 0:
                refused[name] = count
                break
            held.append(fd)
        for fd in held: os.close(fd)
        held.clear()
    return refused
`,
    sees: (seen) => expect(Object.keys(JSON.parse(seen) as object)).toEqual(["inotify", "eventfd", "epoll"]),
    told: null,
    counter: null,
  },
  {
    name: "a busy loop",
    heavy: true,
    source: `
@app.post("/attack")
def attack(facts: dict):
    def spin():
        until = time.monotonic() + 7
        while time.monotonic() < until: pass
    for _ in range(3):
        if os.fork() == 0:
            spin()
            os._exit(0)
    spin()
    return {"cpu": sum(os.times()[:4])}
`,
    sees: /"cpu":/,
    told: { log: /The app computes without a pause and is held to its share of the CPU, 0.5 cores/ },
    counter: "fp_cpu_throttled_seconds_total",
  },
  {
    name: "a flood of the log",
    heavy: true,
    source: `
@app.post("/attack")
def attack(facts: dict):
    until, written = time.monotonic() + 3, 0
    while time.monotonic() < until:
        written += os.write(1, b"\\n" * 65536)
        written += os.write(2, b"x\\n" * 32768)
    written += os.write(1, b"y" * 5_000_000 + b"\\n")
    return {"written": written}
`,
    sees: /"written":\d+/,
    told: { log: /\d+ lines were left out: the app writes more than 500 lines or 256 KiB a second/ },
    counter: 'fp_limited_total{what="log_lines"}',
  },
  {
    name: "os._exit in a request",
    source: `
@app.post("/attack")
def attack(facts: dict):
    os._exit(9)
`,
    sees: /app_failed/,
    told: { status: "sleeping", reason: /^The app ended by itself with exit code 9$/, log: /The app ended by itself with exit code 9/ },
    counter: 'fp_instance_ends_total{reason="exit"}',
  },
  {
    name: "an import that never returns",
    slow: true,
    staysBroken: true,
    source: "",
    act: async (attacker, { platform, token }) => {
      await platform.api(token, "PUT", `/api/apps/${attacker.id}/draft`, {
        files: {
          "app.py":
            "import time\nfrom fastapi import FastAPI\napp = FastAPI()\nwhile True:\n    try: time.sleep(600)\n    except BaseException: pass\n",
        },
      });
      const { deploymentId } = await platform.api<{ deploymentId: string }>(token, "POST", `/api/apps/${attacker.id}/deploy`, {});
      const ended = await waitFor(
        "the deployment ends",
        async () => {
          const deployment = await platform.api(token, "GET", `/api/deployments/${deploymentId}`);
          return deployment["state"] === "running" ? null : deployment;
        },
        60_000,
      );
      // What was live before answers on.
      expect((await attacker.call("/alive")).status).toBe(200);
      return JSON.stringify(ended);
    },
    sees: /"state":"failed".*within 30 s\. Something at start waits or computes too long/s,
    told: { status: "running" },
    counter: null,
  },
  {
    name: "an app that cannot be woken any more",
    source: `
from pymongo import MongoClient
flags = MongoClient(os.environ["PLATFORM_MONGO_URI"]).get_default_database()["flags"]
if flags.find_one({"broken": True}): raise RuntimeError("broken by its own data")
@app.post("/break")
def break_it():
    flags.insert_one({"broken": True})
    return "broken from the next start on"
`,
    act: async (attacker, world) => {
      const { platform, token } = world;
      await attacker.call("/break", { method: "POST" });
      await platform.api(token, "POST", `/api/apps/${attacker.id}/sleep`);
      const { status } = await attacker.call("/alive");
      const broken = await waitFor("the app is in error", async () => {
        const app = await world.app(attacker);
        return app.status === "error" ? app : null;
      });
      const log = await waitFor("the log has the traceback", async () => (await world.log(attacker)).match(/Traceback[^]*?own data/)?.[0]);
      const { deploymentId } = await platform.api<{ deploymentId: string }>(token, "POST", `/api/apps/${attacker.id}/deploy`, {
        files: { "app.py": "from fastapi import FastAPI\napp = FastAPI()\n@app.get('/alive')\ndef alive(): return 'alive'\n" },
      });
      await platform.settled(token, deploymentId);
      return `${status} ${broken.statusReason} ${log}`;
    },
    sees: /^502 The app could not be started\. RuntimeError: broken by its own data \(app\.py, line \d+\) Traceback/,
    // A version that starts makes good for it.
    told: { status: "running" },
    counter: "fp_wake_failures_total",
  },
];
