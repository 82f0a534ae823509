/** The runner's image in pods as the platform makes them: what an app can do in there, and how its end is told. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { handOff } from "#server/runtime/kubernetes/hand-off.ts";
import { appPort, controlPort, labels } from "#server/runtime/kubernetes/names.ts";
import { claimJson, toConfigMap, toDeployment, toOwner, toPoolKey, toSecret, toWarmPod } from "#server/runtime/kubernetes/objects.ts";
import { LoadFailure } from "#server/runtime/load-failure.ts";
import type { InstanceSpec } from "#server/runtime/runtime.ts";
import { hello, poolKey, toClaim } from "../pods/pod.ts";
import { waitFor } from "../wait.ts";
import { kubectl, makeAppsNamespace, runnerImage, type AppsNamespace } from "./apps-namespace.ts";

const limits = { memoryMiB: 128, cpus: 1 };

interface Status {
  metadata: { uid: string };
  status: {
    podIP?: string;
    conditions?: { type: string; status: string }[];
    containerStatuses?: { restartCount: number; state: { terminated?: { exitCode: number; reason: string; message?: string } } }[];
  };
}

interface RunningPod {
  name: string;
  uid: string;
  ip: string;
}

let apps: AppsNamespace;
let count = 0;
const read = async (name: string): Promise<Status> => JSON.parse(await apps.kubectl("get", "pod", name, "-o", "json")) as Status;
const isReady = ({ status }: Status) => status.conditions?.some(({ type, status: value }) => type === "Ready" && value === "True");

async function start(): Promise<RunningPod> {
  const pod = toWarmPod(
    { component: "app", limits, id: `t${++count}` },
    { namespace: apps.name, image: runnerImage, imagePullPolicy: "Never", door: null },
  );
  const name = pod.metadata!.name!;
  await kubectl(["apply", "-f", "-"], JSON.stringify(pod));
  const status = await waitFor(
    "a warm pod",
    async () => {
      const found = await read(name);
      return isReady(found) ? found : null;
    },
    60_000,
  );
  return { name, uid: status.metadata.uid, ip: status.status.podIP! };
}

const give = (pod: RunningPod, files: Record<string, unknown>, changes: Record<string, unknown> = {}) =>
  handOff({
    host: pod.ip,
    port: controlPort,
    uid: pod.uid,
    key: poolKey,
    claim: toClaim(files, { instance: pod.name, ...changes }),
    signal: AbortSignal.timeout(60_000),
  });
const get = (pod: RunningPod, path: string) => fetch(`http://${pod.ip}:${appPort}${path}`, { signal: AbortSignal.timeout(20_000) });
const endOf = (name: string) => waitFor("its end", async () => (await read(name)).status.containerStatuses?.[0]?.state.terminated, 60_000);

describe.skipIf(!process.env["KUBECONFIG"])("a runner's pod", () => {
  beforeAll(async () => {
    apps = await makeAppsNamespace();
    await kubectl(["apply", "-f", "-"], JSON.stringify(toPoolKey(poolKey, { namespace: apps.name })));
  });
  afterAll(() => apps?.remove());

  it("is given an app in milliseconds, logs it in marked lines, and drains when it is deleted", async () => {
    const pod = await start();
    const code = `${hello}\nimport sys\nprint("to out")\nprint("to err", file=sys.stderr)\n`;
    const { report, readyMs } = await give(pod, { "app.py": code });
    expect(report).toMatchObject({ ok: true, framework: "fastapi" });
    expect(readyMs).toBeLessThan(2_000);
    expect(await (await get(pod, "/")).json()).toBe("hello");
    const log = await waitFor("its log", async () => {
      const text = await apps.kubectl("logs", pod.name);
      return text.includes("to err") ? text : null;
    });
    expect(log.split("\n").toSorted()).toEqual(["", "\x1eEto err", "to out"].toSorted());
    await apps.kubectl("delete", "pod", pod.name, "--wait=true", "--timeout=30s");
    console.info(`claim to ready in a pod: ${readyMs.toFixed(1)} ms`);
  });

  it("keeps the app out of what is not its own", async () => {
    const [pod, neighbour] = await Promise.all([start(), start()]);
    await give(neighbour, { "app.py": hello });
    const server = new URL(await kubectl(["config", "view", "--minify", "-o", "jsonpath={.clusters[0].cluster.server}"]));
    const service = await kubectl(["-n", "default", "get", "service", "kubernetes", "-o", "jsonpath={.spec.clusterIP}"]);
    const targets = [server.host, `${service}:443`, "169.254.169.254:80", `${neighbour.ip}:${appPort}`, `${neighbour.ip}:${controlPort}`];
    await give(pod, { "app.py": hostile }, { env: { TARGETS: targets.join(",") } });
    const seen = (await (await get(pod, "/")).json()) as Record<string, unknown>;
    expect(seen).toEqual({
      user: [10_001, 10_001],
      capabilities: "0000000000000000",
      newPrivileges: "1",
      filter: "2",
      init: { environ: "PermissionError", mem: "PermissionError", fd: "PermissionError" },
      killed: "still there",
      root: ["OSError", "OSError"],
      token: "FileNotFoundError",
      name: "gaierror",
      reached: [],
      environment: [],
      installers: [],
    });
  });

  it("says that memory was short, how much there was, and what the app said last", async () => {
    const pod = await start();
    const failure = await give(pod, {
      "app.py": "held = []\nwhile True:\n    held.append(bytearray(8 << 20))\n    held[-1][::4096] = b'x' * 2048\n",
    }).catch((error: unknown) => error);
    const end = await endOf(pod.name);
    expect(end.exitCode).toBe(137);
    // With cgroup v2 the kernel takes the whole container, and the kubelet tells why.
    if (end.reason === "OOMKilled" && !end.message) return;
    expect(JSON.parse(end.message!)).toMatchObject({ kind: "memory", signal: "SIGKILL", limitMiB: limits.memoryMiB });
    expect(failure).toBeInstanceOf(LoadFailure);
    expect((failure as LoadFailure).error).toMatchObject({ kind: "memory", message: expect.stringContaining("128 MB") });
  });

  it("starts by itself from what a Deployment mounts, and writes beside its code all the same", async () => {
    const files = {
      "app.py":
        "from fasthtml.common import *\nfrom helper.words import words\napp, rt = fast_app()\n@rt('/')\ndef get():\n    return words()\n",
      "helper/words.py":
        "import os, pathlib\ndef words():\n    pathlib.Path('written').write_text('x')\n    return ' '.join(sorted(os.listdir('.')))\n",
      "static/dot.bin": { base64: "AAEC" },
    };
    const spec: InstanceSpec = {
      appId: "0123456789abcdef0123456a",
      slug: "shop",
      version: 3,
      bundleHash: "ab".repeat(32),
      readFiles: async () => files,
      entrypoint: "app.py",
      env: { MODE: "mounted" },
      sessionKey: "a session key",
      database: null,
      limits: { ...limits, processes: 64, concurrency: 80 },
    };
    const options = { namespace: apps.name, image: runnerImage, imagePullPolicy: "Never" as const, door: null };
    const apply = async (object: unknown) =>
      JSON.parse(await kubectl(["apply", "-o", "json", "-f", "-"], JSON.stringify(object))) as { metadata: { name: string; uid: string } };
    const deployment = await apply(toDeployment(spec, { ...options, replicas: 1, files, credential: null }));
    const owned = { namespace: apps.name, owner: toOwner(spec.appId, deployment.metadata.uid) };
    await apply(toSecret(spec, claimJson(spec, { mode: "serve", instance: null, credential: null }), owned));
    await apply(toConfigMap(spec, files, owned));
    await apps.release(`${labels.app}=${spec.appId}`);
    await apps.kubectl("rollout", "status", `deployment/${deployment.metadata.name}`, "--timeout=60s");
    const found = JSON.parse(await apps.kubectl("get", "pods", "-l", `fastapi-platform/app=${spec.appId}`, "-o", "json")) as {
      items: { metadata: { name: string; uid: string }; status: { podIP: string } }[];
    };
    const [{ metadata, status }] = found.items as [(typeof found.items)[number]];
    const pod = { name: metadata.name, uid: metadata.uid, ip: status.podIP };
    expect(await (await get(pod, "/")).text()).toContain(".sesskey app.py helper static written");
    expect(Buffer.from(await (await get(pod, "/static/dot.bin")).arrayBuffer())).toEqual(Buffer.from([0, 1, 2]));
    const asAnother = await fetch(`http://${pod.ip}:${appPort}/`, { headers: { "x-fp-instance": "another" } });
    expect(asAnother.status).toBe(421);
    const asItself = await fetch(`http://${pod.ip}:${appPort}/`, { headers: { "x-fp-instance": pod.name } });
    expect(asItself.status).toBe(200);
    await expect(give(pod, { "app.py": hello })).rejects.toMatchObject({ reason: "claimed" });
  });

  it("tells a crash in its termination message", async () => {
    const pod = await start();
    await give(pod, { "app.py": `${hello}\n@app.get("/end")\ndef end():\n    import os\n    os._exit(7)\n` });
    await get(pod, "/end").catch(() => undefined);
    const end = await endOf(pod.name);
    expect(end.exitCode).toBe(7);
    expect(JSON.parse(end.message!)).toMatchObject({ kind: "exit", code: 7 });
  });
});

const hostile = `
import os, signal, socket, shutil
from fastapi import FastAPI
app = FastAPI()

def name_of(attempt):
    try:
        return str(attempt())
    except Exception as error:
        return type(error).__name__

def status(name):
    return next(line.split()[1] for line in open("/proc/self/status") if line.startswith(name + ":"))

def reaches(target):
    host, _, port = target.rpartition(":")
    connection = socket.socket()
    connection.settimeout(2)
    try:
        connection.connect((host, int(port)))
        return True
    except OSError:
        return False

def kill():
    os.kill(1, signal.SIGKILL)
    os.kill(1, signal.SIGSTOP)
    os.kill(1, signal.SIGUSR1)
    return "still there"

@app.get("/")
def root():
    return {
        "user": [os.getuid(), os.getgid()],
        "capabilities": status("CapEff"),
        "newPrivileges": status("NoNewPrivs"),
        "filter": status("Seccomp"),
        "init": {
            "environ": name_of(lambda: open("/proc/1/environ", "rb").read()),
            "mem": name_of(lambda: open("/proc/1/mem", "rb").read(1)),
            "fd": name_of(lambda: os.listdir("/proc/1/fd")),
        },
        "killed": name_of(kill),
        "root": [name_of(lambda: open(path, "w")) for path in ("/x", "/opt/fp/fp_runner/x")],
        "token": name_of(lambda: os.listdir("/var/run/secrets/kubernetes.io/serviceaccount")),
        "name": name_of(lambda: socket.getaddrinfo("kubernetes.default.svc", 443)),
        "reached": [target for target in os.environ["TARGETS"].split(",") if reaches(target)],
        "environment": [name for name in os.environ if "KUBERNETES" in name or name.startswith("FP_")],
        "installers": [name for name in ("pip", "pip3", "perl", "gcc", "cc", "make", "curl", "wget") if shutil.which(name)],
    }
`;
