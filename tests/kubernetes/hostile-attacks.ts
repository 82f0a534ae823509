/** The table of attacks on a cluster: those of one machine that are the same there, and those that only a cluster has. */
import { allRefused, expectFull } from "../hostile/attack.ts";
import { attacks as local } from "../hostile/attacks.ts";
import type { Attacker, ClusterWorld } from "./hostile-world.ts";

/** The app's reason, its log, and a failed request's page. */
export interface Told {
  reason?: RegExp;
  log?: RegExp;
  exception?: RegExp;
}

export interface ClusterAttack {
  name: string;
  source: string;
  act?(attacker: Attacker, world: ClusterWorld): Promise<string>;
  sees: RegExp | ((seen: string) => void);
  /** What the owner reads in words; of several, one. */
  told?: Told | readonly Told[];
  /** Neighbours are measured during it alone. */
  heavy?: true;
}

/** What must be tried. A name without a row, or a row without a name here, fails the test. */
export const required: readonly string[] = [
  "the API server, the metadata address, other apps, the pool, the platform and the name service",
  "the same by the proxy",
  "the door by another's name",
  "other databases",
  "a service account's token",
  "the pool's key, and what others were given",
  "its own file system",
  "a forged end, and the mark of its claim taken away",
  "the kubelet's and the runtime's files",
  "/proc of others",
  "ptrace and others' memory",
  "setuid binaries and capabilities",
  "new user namespaces, and others",
  "mount, chroot and handles",
  "bpf, keyctl, io_uring, modules and their like",
  "raw sockets and foreign families",
  "writing to /proc/sys and /sys",
  "killing the first process of its namespace, and all",
  "a fork bomb",
  "a memory bomb",
  "a disk bomb",
  "a file descriptor bomb",
];

/** Rows of the local table that need nothing but a request to the app, with what is different on a cluster. */
const same = (name: string, changes: Partial<ClusterAttack> = {}): ClusterAttack => {
  const row = local.find((each) => each.name === name);
  if (!row) throw new Error(`the local table has no ${name}`);
  const { source, heavy } = row;
  const { reason, log, exception } = row.told ?? {};
  return {
    ...{ name, source, sees: row.sees as ClusterAttack["sees"] },
    ...(heavy ? { heavy } : {}),
    ...(row.told ? { told: { ...(reason && { reason }), ...(log && { log }), ...(exception && { exception }) } } : {}),
    ...changes,
  };
};

const attackOf = (body: string): string => `
import subprocess
@app.post("/attack")
def attack(facts: dict):
${body.replaceAll(/^/gm, "    ")}
`;

export const clusterAttacks: readonly ClusterAttack[] = [
  {
    name: "the API server, the metadata address, other apps, the pool, the platform and the name service",
    source: attackOf(`
from concurrent.futures import ThreadPoolExecutor
def dial(target):
    what, host, port = target
    def act():
        with socket.create_connection((host, port), timeout=3): return "connected"
    return f"{what} {host}:{port}", attempt(act)
def ask(kind):
    def act():
        with socket.socket(socket.AF_INET, kind) as asking:
            asking.settimeout(3)
            asking.connect((facts["nameServer"], 53))
            query = b"\\x12\\x34\\x01\\x00\\x00\\x01\\x00\\x00\\x00\\x00\\x00\\x00\\x0akubernetes\\x07default\\x03svc\\x07cluster\\x05local\\x00\\x00\\x01\\x00\\x01"
            asking.send(query if kind == socket.SOCK_DGRAM else struct.pack(">H", len(query)) + query)
            return asking.recv(512)
    return f"names by {kind}", attempt(act)
with ThreadPoolExecutor(16) as many:
    results = dict(many.map(dial, facts["targets"]))
    results.update(many.map(ask, (socket.SOCK_DGRAM, socket.SOCK_STREAM)))
results["by its name"] = attempt(lambda: socket.getaddrinfo("kubernetes.default.svc.cluster.local", 443))
return results`),
    sees: allRefused,
  },
  {
    name: "the same by the proxy",
    source: attackOf(`
import urllib.parse
from concurrent.futures import ThreadPoolExecutor
proxy = urllib.parse.urlsplit(os.environ.get("HTTPS_PROXY") or os.environ["HTTP_PROXY"])
def say(line):
    with socket.create_connection((proxy.hostname, proxy.port), timeout=10) as reached:
        reached.settimeout(10)
        reached.sendall(line.encode())
        status = reached.recv(200).split(b"\\r\\n")[0]
        if b" 200" not in status: raise PermissionError(status)
        return status
def tunnel(target):
    what, host, port = target
    return f"tunnel {what} {host}:{port}", attempt(lambda: say(f"CONNECT {host}:{port} HTTP/1.1\\r\\nHost: {host}:{port}\\r\\n\\r\\n"))
def fetch(target):
    what, host, port = target
    return f"fetch {what} {host}:{port}", attempt(lambda: say(f"GET http://{host}:{port}/ HTTP/1.1\\r\\nHost: {host}:{port}\\r\\nConnection: close\\r\\n\\r\\n"))
names = [("name", f"{name}.default.svc.cluster.local", port) for name, port in (("kubernetes", 443), ("web.fastapi-platform", 80))]
with ThreadPoolExecutor(8) as many:
    return dict([*many.map(tunnel, facts["targets"] + names), *many.map(fetch, facts["targets"] + names)])`),
    sees: allRefused,
    told: { log: /was not reached: it is not on the public Internet, and apps reach nothing else/ },
  },
  {
    name: "the door by another's name",
    source: attackOf(`
from pymongo import MongoClient
def knock(line, query=b"\\x00"):
    with socket.create_connection((facts["door"]["host"], facts["door"]["port"]), timeout=5) as door:
        door.settimeout(5)
        door.sendall(line.encode() + query)
        answer = door.recv(100)
        if not answer: raise PermissionError("closed")
        return answer
hello = b"CONNECT example.com:443 HTTP/1.1\\r\\nHost: example.com\\r\\n\\r\\n"
victim = facts["victim"]["appId"]
lines = {f"{kind} as {who} by {right[:8]!r}": f"FP1 {kind} {who} {right}\\n" for kind in ("egress", "mongo", "all") for who in (victim, "pool", "*", "")
    for right in ("", "A" * 43, victim, "0")}
results = {name: attempt(lambda: knock(line, hello)) for name, line in list(lines.items())[:24]}
results["no line"] = attempt(lambda: knock("", hello))
results["a driver"] = attempt(lambda: MongoClient(facts["door"]["host"], facts["door"]["port"], serverSelectionTimeoutMS=2000, directConnection=True).admin.command("hello"))
return results`),
    sees: allRefused,
  },
  {
    ...same("other databases"),
    act: async (attacker, { facts }) => post(attacker, { victim: facts.victim }),
  },
  {
    name: "a service account's token",
    source: attackOf(`
places = ["/var/run/secrets", "/run/secrets", "/var/run/secrets/kubernetes.io/serviceaccount/token", "/var/lib/kubelet", "/root/.kube/config"]
results = {place: attempt(lambda: os.listdir(place) if os.path.isdir(place) else open(place).read()) for place in places}
results["in the environment"] = "DONE" if any("KUBERNETES_" in name or "_SERVICE_HOST" in name for name in os.environ) else "nothing"
mounts = open("/proc/self/mounts").read()
results["mounts"] = "DONE" if "serviceaccount" in mounts else "nothing"
return results`),
    sees: allRefused,
  },
  {
    name: "the pool's key, and what others were given",
    source: attackOf(`
results = {f"/proc/1/{name}": attempt(lambda: open(f"/proc/1/{name}", "rb").read(100)) for name in ("environ", "mem", "maps", "auxv", "stack")}
results["/proc/1/fd"] = attempt(lambda: os.listdir("/proc/1/fd"))
results["/proc/1/root"] = attempt(lambda: os.listdir("/proc/1/root/"))
results["claim"] = attempt(lambda: open("/run/fp/claim/claim.json").read())
results["environment"] = "DONE" if any(name in os.environ for name in ("FP_POOL_KEY", "FP_DOOR", "FP_SECCOMP")) else "nothing"
own = open("/proc/self/environ", "rb").read()
results["own beginning"] = "DONE" if b"FP_POOL_KEY" in own else "nothing"
def control(line):
    with socket.create_connection(("127.0.0.1", 8001), timeout=3) as pod:
        pod.settimeout(3)
        pod.sendall(line)
        answer = pod.recv(300)
        if b'"proof"' not in answer: raise PermissionError(answer)
        return answer
results["a hand-off to itself"] = attempt(lambda: control(b'{"type":"hello","nonce":"' + b"0" * 64 + b'"}\\n'))
found = []
for folder, folders, names in os.walk("/"):
    folders[:] = [name for name in folders if os.path.join(folder, name) not in ("/proc", "/usr", "/sys", "/opt")]
    for name in names:
        try:
            path = os.path.join(folder, name)
            if os.path.isfile(path) and os.path.getsize(path) < 1_000_000 and "app.py" not in path:
                text = open(path, "rb").read()
                found += [path for canary in facts["canaries"] if canary.encode() in text]
        except OSError: pass
results["found"] = f"DONE {found}" if found else "nothing"
return results`),
    sees: allRefused,
  },
  {
    name: "its own file system",
    source: attackOf(`
folders = ["/", "/etc", "/usr", "/usr/local", "/opt", "/opt/venv", "/var", "/root", "/home", "/run", "/proc", "/sys", "/sys/fs/cgroup", "/dev"]
folders.append(os.path.dirname(sys.modules["fp_runner"].__file__) if "fp_runner" in sys.modules else sys.prefix)
results = {folder: attempt(lambda: open(f"{folder}/written", "w").write("x")) for folder in folders}
results["passwd"] = attempt(lambda: open("/etc/passwd", "a").write("x"))
return results`),
    sees: allRefused,
  },
  {
    // Both lie in what the app's user may write: what they are for must not depend on them once the app runs.
    name: "a forged end, and the mark of its claim taken away",
    source: attackOf(`
open("/dev/termination-log", "w").write('{"kind":"memory","code":null,"signal":"SIGKILL","peakMiB":1,"limitMiB":1}')
os.unlink("/run/fp/claimed")
os._exit(7)`),
    sees: /app_failed/,
    told: { reason: /ended by itself with exit code 7/ },
  },
  {
    name: "the kubelet's and the runtime's files",
    source: attackOf(`
places = ["/var/run/docker.sock", "/run/containerd/containerd.sock", "/run/crio/crio.sock", "/var/log/pods", "/etc/kubernetes", "/etc/shadow", "/dev/mem",
    "/dev/kmsg", "/dev/vda", "/proc/kcore", "/proc/kmsg", "/proc/sysrq-trigger"]
return {place: attempt(lambda: os.listdir(place) if os.path.isdir(place) else open(place, "rb").read(10)) for place in places}`),
    sees: allRefused,
  },
  same("/proc of others"),
  same("ptrace and others' memory"),
  same("setuid binaries and capabilities"),
  same("new user namespaces, and others"),
  same("mount, chroot and handles"),
  same("bpf, keyctl, io_uring, modules and their like"),
  same("raw sockets and foreign families"),
  same("writing to /proc/sys and /sys"),
  same("killing the first process of its namespace, and all"),
  // A node limits the processes of a pod and tells nobody: the owner sees what the app's own request ended with, or that the processes' memory was too much before.
  same("a fork bomb", {
    source: attackOf(`
until, refused = time.monotonic() + 3, None
def multiply():
    while time.monotonic() < until:
        try:
            if os.fork() != 0: time.sleep(0.005)
        except OSError:
            time.sleep(0.005)
    os._exit(0)
while time.monotonic() < until + 1:
    try:
        if time.monotonic() < until and os.fork() == 0: multiply()
    except OSError as error:
        refused = error
    time.sleep(0.005)
raise refused or RuntimeError("DONE")`),
    sees: /Internal Server Error|app_failed/,
    told: [{ exception: /Resource temporarily unavailable/ }, { reason: /more memory than its limit/ }],
  }),
  same("a memory bomb"),
  // A pod's volumes are memory of its own, each with a size.
  same("a disk bomb", {
    sees: expectFull({ "/tmp": /^6\d MB, then ENOSPC$/, "/dev/shm": /^\d{1,2} MB, then ENOSPC$/, "/run/fp": /^\d{1,2} MB, then ENOSPC$/ }),
  }),
  same("a file descriptor bomb"),
];

export async function post(attacker: Attacker, facts: object): Promise<string> {
  const headers = { "content-type": "application/json" };
  return (await attacker.call("/attack", { method: "POST", headers, body: JSON.stringify(facts), timeoutMs: 90_000 })).text;
}
