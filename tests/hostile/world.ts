/** One platform, one victim with things worth stealing and a constant row of visitors, and one account that attacks. */
import { readdirSync, readFileSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { createTestDatabase } from "../database.ts";
import { startPlatform, type TestPlatform } from "../platform.ts";
import { waitFor } from "../wait.ts";
import { prelude, type Attack, type Attacker } from "./attack.ts";
import { startLoad, type Load } from "./load.ts";

/** What nobody but the victim, or the platform, may ever see. */
export const canaries = {
  env: "canary-of-the-victims-environment",
  document: "canary-of-the-victims-database",
  source: "canary-of-the-victims-source",
  platform: "canary-of-the-platforms-environment",
} as const;

/** What the attackers are told, so that nothing rests on their not knowing it. */
export interface Facts {
  dataDir: string;
  platformPort: number;
  databasePort: number;
  platformPid: number;
  /** Processes of this machine that are none of theirs, the victim's among them. */
  pids: number[];
  addresses: string[];
  /** Files and sockets of the victim's instance, and of the platform. */
  paths: string[];
  abstractSockets: string[];
  canaries: string[];
  victim: { appId: string; slug: string; database: string; failedRequestId: string };
}

export interface HostileWorld extends AsyncDisposable {
  readonly platform: TestPlatform;
  readonly victim: { id: string; slug: string; token: string };
  readonly token: string;
  readonly facts: Facts;
  readonly load: Load;
  /** Deploys an attack's app. */
  arm(attack: Attack): Promise<Attacker>;
  remove(attacker: Attacker): Promise<void>;
  /** Every series of `GET /metrics`. */
  metrics(): Promise<Map<string, number>>;
  log(attacker: Attacker): Promise<string>;
  /** What the owner's page shows of requests that ended in a 5xx. */
  failures(attacker: Attacker): Promise<unknown[]>;
  app(attacker: Attacker): Promise<{ status: string; statusReason?: string }>;
  residentBytes(): number;
}

/** Has a secret of every kind. `/keep` makes the one in its database, and says which database that is. */
export const victimSource = `
import os
from pymongo import MongoClient
from fastapi import FastAPI
# ${canaries.source}
app = FastAPI()
secrets = MongoClient(os.environ["PLATFORM_MONGO_URI"]).get_default_database()["secrets"]
@app.get("/")
def root(): return {"hello": "visitor"}
@app.post("/keep")
def keep():
    secrets.insert_one({"canary": "${canaries.document}"})
    return {"database": secrets.database.name}
@app.get("/fail")
def fail(): raise RuntimeError("the victim's own failure")
@app.get("/check")
def check():
    return {"documents": secrets.count_documents({}), "env": os.environ["SECRET"] == "${canaries.env}"}
`;

export async function createHostileWorld(): Promise<HostileWorld> {
  const database = createTestDatabase();
  const platform = await startPlatform({ MONGO_URL: database.url, WARM_POOL: "2", PLATFORM_CANARY: canaries.platform });
  // The first account is an administrator; neither of the others is. Every port is open, so that addresses alone are what is refused.
  const admin = await platform.signUp("admin@example.com");
  const ports = [22, 80, 443, 6443, 10_250, platform.port, Number(new URL(database.url).port)];
  await platform.api(admin.token, "PUT", "/api/admin/egress", { domains: ["*"], ports });
  const owner = await platform.signUp("victim@example.com");
  const { token } = await platform.signUp("attacker@example.com");
  const victim = await makeVictim(platform, owner.token);
  const load = startLoad(platform.port, `${victim.slug}.localhost:${platform.port}`, 40);
  let armed = 0;
  return {
    platform,
    victim: { ...victim, token: owner.token },
    token,
    facts: collectFacts(platform, new URL(database.url).port, victim, owner.id),
    load,
    async arm({ name, source, files }) {
      armed += 1;
      const all = { "app.py": `${prelude}\n${source}\n`, ...files };
      const { id, slug } = await platform.deploy(token, `${name.slice(0, 30)} ${armed}`, all);
      return { id, slug, call: (path, sent) => platform.callApp(slug, path, sent) };
    },
    async remove({ id }) {
      await platform.api(token, "DELETE", `/api/apps/${id}`);
    },
    async metrics() {
      const page = (await platform.call("/metrics", { headers: { host: `127.0.0.1:${platform.port}` } })).text;
      return new Map([...page.matchAll(/^([^#\s]\S*) (\S+)$/gm)].map(([, series, value]) => [series!, Number(value)]));
    },
    async log({ id }) {
      const { items } = await platform.api<{ items: { stream: string; text: string }[] }>(token, "GET", `/api/apps/${id}/logs?tail=1000`);
      return items
        .filter(({ stream }) => stream === "platform" || stream === "stderr")
        .map(({ text }) => text)
        .join("\n");
    },
    async failures({ id }) {
      return (await platform.api<{ items: unknown[] }>(token, "GET", `/api/apps/${id}/requests?status=5xx`)).items;
    },
    app: ({ id }) => platform.api(token, "GET", `/api/apps/${id}`),
    residentBytes: () => Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${platform.pid}/status`, "utf8"))?.[1]) * 1024,
    async [Symbol.asyncDispose]() {
      await load[Symbol.asyncDispose]();
      await platform.stop();
      await database[Symbol.asyncDispose]();
    },
  };
}

async function makeVictim(platform: TestPlatform, token: string): Promise<{ id: string; slug: string; failedRequestId: string }> {
  const { id, slug } = await platform.deploy(token, "victim", { "app.py": victimSource });
  const { deploymentId } = await platform.api<{ deploymentId: string }>(token, "PUT", `/api/apps/${id}/env`, {
    vars: [{ name: "SECRET", value: canaries.env, secret: true }],
  });
  await platform.settled(token, deploymentId);
  await platform.callApp(slug, "/keep", { method: "POST" });
  await platform.callApp(slug, "/fail");
  const failedRequestId = await waitFor("the victim's failure is recorded", async () => {
    const { items } = await platform.api<{ items: { id: string; error?: unknown }[] }>(token, "GET", `/api/apps/${id}/requests?status=500`);
    return items[0]?.error ? items[0].id : null;
  });
  return { id, slug, failedRequestId };
}

function collectFacts(
  platform: TestPlatform,
  databasePort: string,
  victim: { id: string; slug: string; failedRequestId: string },
  ownerId: string,
): Facts {
  const run = join(platform.dataDir, "run");
  const pids = readdirSync(run)
    .filter((name) => name.endsWith(".pid"))
    .map((name) => Number(readFileSync(join(run, name), "utf8").split(" ")[0]));
  const unix = readFileSync("/proc/net/unix", "utf8")
    .split("\n")
    .map((line) => line.split(" ").at(-1) ?? "");
  return {
    dataDir: platform.dataDir,
    platformPort: platform.port,
    databasePort: Number(databasePort),
    platformPid: platform.pid,
    pids: [platform.pid, process.pid, ...pids],
    addresses: ["127.0.0.1", "::1", ...Object.values(networkInterfaces()).flatMap((all) => (all ?? []).map(({ address }) => address))],
    paths: [
      ...["secret.key", "platform.lock", "bundles", "run", "mongo"].map((name) => join(platform.dataDir, name)),
      ...unix.filter((path) => path.startsWith("/")).slice(0, 100),
      ...readdirSync(run).flatMap((name) =>
        ["code/app.py", "app.sock", "mongo.sock", "egress.sock"].flatMap((file) => [
          join(run, name, file),
          // As the instances' own view names the folder of all.
          join("/run/instances", name, file),
        ]),
      ),
    ],
    abstractSockets: unix.filter((path) => path.startsWith("@")).slice(0, 50),
    canaries: Object.values(canaries),
    victim: { appId: victim.id, slug: victim.slug, database: `user_${ownerId}`, failedRequestId: victim.failedRequestId },
  };
}
