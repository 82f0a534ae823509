import { allRefused, postAttack, type Attack } from "../attack.ts";

/** Whom other people's files, variables and links keep out. */
export const fileAttacks: readonly Attack[] = [
  {
    name: "read every path it can",
    source: `
@app.post("/attack")
def attack(facts: dict):
    results = {path: attempt(lambda: os.listdir(path) if os.path.isdir(path) else open(path, "rb").read(100)) for path in facts["paths"]
        + [facts["dataDir"], "/root", "/home", "/etc/shadow", "/etc/ssh", "/var/lib", "/run/docker.sock", "/var/run/secrets", "/dev/mem", "/dev/kmem",
           "/dev/vda", "/proc/kcore", "/proc/kmsg", "/proc/1/root/etc/shadow", "/proc/1/cwd", "/proc/1/environ"]}
    # Folders on the way to Python may be listed: each shows nothing but the next.
    for path in ("/root", "/home", "/run/instances"):
        if results.get(path, "").startswith("DONE"):
            results[path] = f"only {os.listdir(path)}"
    found = []
    for folder, folders, names in os.walk("/"):
        folders[:] = [name for name in folders if os.path.join(folder, name) not in ("/proc", "/usr", "/sys", "/tmp/app", sys.prefix, sys.base_prefix)]
        for name in names:
            try:
                if os.path.getsize(os.path.join(folder, name)) < 1_000_000:
                    text = open(os.path.join(folder, name), "rb", buffering=0).read() if os.path.isfile(os.path.join(folder, name)) else b""
                    found += [os.path.join(folder, name) for canary in facts["canaries"] if canary.encode() in text]
            except OSError:
                pass
    return {**results, "found": "DONE" if found else "nothing"}
`,
    sees: allRefused,
    told: null,
    counter: null,
  },
  {
    name: "the environment of the platform",
    source: `
@app.post("/attack")
def attack(facts: dict):
    results = {f"environ of {pid}": attempt(lambda: open(f"/proc/{pid}/environ").read()) for pid in [1, *facts["pids"]]}
    names = sorted(os.environ)
    own = open("/proc/self/environ").read()
    results["own"] = "DONE" if any(word in f"{names} {own}" for word in ("MONGO_URL", "DATA_DIR", "SECRET_KEY", "PLATFORM_CANARY", "NODE_ENV")) else "nothing"
    return results
`,
    sees: allRefused,
    told: null,
    counter: null,
  },
  {
    name: "a path in the bundle that leads out of it",
    source: "",
    act: async (_attacker, { platform, token }) => {
      const refused: Record<string, string> = {};
      for (const path of ["../out.py", "static/../../out.txt", "/etc/out.txt", "static/./a.txt", "static\\..\\out.txt", "a\u0000.py"]) {
        const answer = await platform.call("/api/apps", {
          method: "POST",
          headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
          body: JSON.stringify({ name: "out", files: { "app.py": "app = None", [path]: "x" } }),
        });
        refused[path] = answer.status === 422 ? (answer.json() as { code: string }).code : `DONE ${answer.status}`;
      }
      return JSON.stringify(refused);
    },
    sees: allRefused,
    told: null,
    counter: null,
  },
  {
    name: "a link below static/ made at run time",
    source: `
@app.post("/attack")
def attack(facts: dict):
    for index, path in enumerate(["/etc/passwd", "/proc/1/environ", "/proc/self/environ", facts["paths"][0], "../../../etc/passwd"]):
        attempt(lambda: os.symlink(path, f"static/link{index}"))
    attempt(lambda: os.symlink("/", "static/all"))
    return os.listdir("static")
`,
    files: { "static/plain.txt": "plain" },
    act: async (attacker, { facts }) => {
      const text = await postAttack(attacker, facts);
      if (!text.includes("link4")) throw new Error(`the links were not made: ${text}`);
      const answers: Record<string, string> = {};
      for (const path of ["link0", "link1", "link2", "link3", "link4", "all/etc/passwd", "..%2f..%2fetc/passwd", "%2e%2e/app.py"]) {
        const answer = await attacker.call(`/static/${path}`);
        answers[path] = answer.status === 200 ? `DONE ${answer.text.slice(0, 100)}` : String(answer.status);
      }
      return JSON.stringify(answers);
    },
    sees: allRefused,
    told: null,
    counter: null,
  },
  {
    name: "sockets of others",
    source: `
def connect(address):
    with socket.socket(socket.AF_UNIX) as reached:
        reached.settimeout(2)
        reached.connect(address)
        return "connected"

@app.post("/attack")
def attack(facts: dict):
    paths = [path for path in facts["paths"]]
    results = {path: attempt(lambda: connect(path)) for path in paths}
    results.update({name: attempt(lambda: connect("\\0" + name[1:])) for name in facts["abstractSockets"]})
    results["abstract sockets in sight"] = "DONE" if any(line.split(" ")[-1].startswith("@") for line in open("/proc/net/unix").read().splitlines()) else "none"
    results["remove the own socket"] = attempt(lambda: os.unlink("/run/fp/app.sock"))
    results["replace the database's socket"] = attempt(lambda: os.rename("/run/fp/mongo.sock", "/run/fp/other.sock"))
    return results
`,
    sees: allRefused,
    told: null,
    counter: null,
  },
];
