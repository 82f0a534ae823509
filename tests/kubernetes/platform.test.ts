/** The whole product on a cluster, from the manifests and the images as they are built: one walk from the sign-up to nothing left. */
import { afterAll, beforeAll, describe, expect, onTestFailed, test } from "vitest";
import { waitFor } from "../wait.ts";
import { kubectl } from "./apps-namespace.ts";
import { install, type InstallOptions, type Installation } from "./installation.ts";

const shapes: Record<string, InstallOptions> = {
  "every role in one process": { resources: ["overlays/dev"] },
  // The overlay `production` without what a test cluster has not: certificates, and images from a registry.
  "two of each role": {
    resources: ["base"],
    components: ["components/mongodb-embedded"],
    replicas: { web: 2, gateway: 2, worker: 2, egress: 2 },
  },
};

const version = (text: string) => `
from fastapi import FastAPI
import os, sys

app = FastAPI()

@app.get("/")
def hello():
    print("said", "${text}")
    return {"says": "${text}"}

@app.get("/host")
def host():
    return {"user": os.getuid(), "token": os.path.exists("/var/run/secrets/kubernetes.io/serviceaccount/token")}

@app.get("/count")
def count():
    import pymongo
    database = pymongo.MongoClient(os.environ["PLATFORM_MONGO_URI"]).get_default_database()
    database.visits.insert_one({})
    return {"visits": database.visits.count_documents({})}
`;

describe.each(Object.keys(shapes))("%s", (shape) => {
  let platform: Installation;
  let token: string;
  let app: { id: string; slug: string };
  let draftId: string;

  beforeAll(async () => {
    platform = await install(shapes[shape]);
  }, 400_000);
  afterAll(() => platform?.remove(), 150_000);

  const deploy = async (text: string) => {
    const { deploymentId } = await platform.api<{ deploymentId: string }>(token, "POST", `/api/apps/${app.id}/deploy`, {
      files: { "app.py": version(text) },
    });
    return platform.settled(token, deploymentId);
  };
  const says = async () => (await platform.callApp(app.slug, "/")).text;
  const tellOnFailure = (): void => onTestFailed(async () => console.log(await platform.describe()));
  /** Pods of the app that are not on their way out. */
  const podsOf = async (): Promise<string[]> =>
    (
      await kubectl([
        "-n",
        platform.appsNamespace,
        "get",
        "pods",
        "-l",
        `fastapi-platform/app=${app.id}`,
        "-o",
        "jsonpath={range .items[?(@.status.phase=='Running')]}{.metadata.name} {end}",
      ])
    )
      .trim()
      .split(/\s+/)
      .filter(Boolean);

  test("nobody takes the installation by being first: the sign-up needs the code of the Secret", async () => {
    tellOnFailure();
    expect((await platform.signUp("thief@example.com")).status).toBe(403);
    const answer = await platform.signUp("owner@example.com", platform.setupCode);
    expect(answer.status, answer.text).toBe(200);
    token = (answer.json() as { token: string }).token;
    expect(await platform.api(token, "GET", "/api/me")).toMatchObject({ role: "admin" });
  });

  test("the cluster's NetworkPolicies were tried, and found to hold", async () => {
    tellOnFailure();
    const isolation = await waitFor(
      "the probe's word",
      async () => {
        const data = await kubectl([
          "-n",
          platform.appsNamespace,
          "get",
          "configmaps",
          "-l",
          "app.kubernetes.io/component=probe",
          "-o",
          "jsonpath={.items[*].data.enforced}",
        ]);
        return data.trim() || null;
      },
      120_000,
    );
    expect(isolation).toBe("true");
  });

  test("an app that is deployed answers at its host, and finds its database", async () => {
    tellOnFailure();
    app = await platform.api(token, "POST", "/api/apps", { name: "Greeter", files: { "app.py": version("one") } });
    expect(await deploy("one")).toMatchObject({ state: "succeeded" });
    expect(await says()).toContain('"one"');
    expect((await platform.callApp(app.slug, "/count")).json()).toEqual({ visits: 1 });
    expect((await platform.callApp(app.slug, "/host")).json()).toEqual({ user: 10001, token: false });
  });

  test("asleep it has no pod, and its next request wakes it and is answered", async () => {
    tellOnFailure();
    await platform.api(token, "POST", `/api/apps/${app.id}/sleep`);
    await waitFor("no pod of it runs", async () => (await podsOf()).length === 0, 60_000);
    const answer = await platform.callApp(app.slug, "/");
    expect(answer.status, answer.text).toBe(200);
    expect(await podsOf()).toHaveLength(1);
  });

  test("a new version replaces the old one while requests go on, and the old one can come back", async () => {
    tellOnFailure();
    const statuses: number[] = [];
    let ended = false;
    const visitor = (async () => {
      while (!ended) statuses.push((await platform.callApp(app.slug, "/")).status);
    })();
    expect(await deploy("two")).toMatchObject({ state: "succeeded" });
    expect(await says()).toContain('"two"');
    const { deploymentId } = await platform.api<{ deploymentId: string }>(token, "POST", `/api/apps/${app.id}/rollback/1`);
    expect(await platform.settled(token, deploymentId)).toMatchObject({ state: "succeeded", kind: "rollback" });
    expect(await says()).toContain('"one"');
    ended = true;
    await visitor;
    expect(statuses.length).toBeGreaterThan(10);
    expect(statuses.filter((status) => status !== 200)).toEqual([]);
  });

  test("a version that fails to load is told with its line, and the live one goes on", async () => {
    tellOnFailure();
    const { deploymentId } = await platform.api<{ deploymentId: string }>(token, "POST", `/api/apps/${app.id}/deploy`, {
      files: { "app.py": "from fastapi import FastAPI\napp = FastAPI()\nraise RuntimeError('not today')\n" },
    });
    const failed = await platform.settled(token, deploymentId);
    expect(failed["state"]).toBe("failed");
    expect(failed["problems"]).toMatchObject([{ file: "app.py", line: 3 }]);
    expect(await says()).toContain('"one"');
  });

  test("a draft runs beside live on its own host, which a link opens once at any gateway, with a database of its own", async () => {
    tellOnFailure();
    const { deploymentId } = await platform.api<{ deploymentId: string }>(token, "POST", `/api/apps/${app.id}/draft/run`, {
      files: { "app.py": version("draft") },
    });
    const run = await platform.settled(token, deploymentId);
    expect(run).toMatchObject({ state: "succeeded", kind: "draft" });
    draftId = String(run["app"]);
    const host = `draft--${app.slug}`;
    expect((await platform.callApp(host, "/")).status).toBe(403);
    const { url } = await platform.api<{ url: string }>(token, "POST", `/api/apps/${app.id}/draft/link`);
    const { pathname, search } = new URL(url);
    const opened = await platform.callApp(host, pathname + search);
    expect(opened.status, opened.text).toBe(303);
    expect((await platform.callApp(host, pathname + search)).status).toBe(403);
    const headers = { cookie: opened.headers["set-cookie"]![0]!.split(";")[0]! };
    expect((await platform.callApp(host, "/", { headers })).text).toContain('"draft"');
    expect((await platform.callApp(host, "/count", { headers })).json()).toEqual({ visits: 1 });
    expect((await platform.callApp(app.slug, "/count")).json()).toEqual({ visits: 2 });
    expect(await says()).toContain('"one"');
  });

  test("what the app printed is in its log, from all of its pods", async () => {
    tellOnFailure();
    const { items } = await waitFor("both versions' lines", async () => {
      const log = await platform.api<{ items: { text: string; instance: string }[] }>(token, "GET", `/api/apps/${app.id}/logs?tail=200`);
      return log.items.some(({ text }) => text === "said one") && log.items.some(({ text }) => text === "said two") ? log : null;
    });
    expect(new Set(items.filter(({ text }) => text.startsWith("said")).map(({ instance }) => instance)).size).toBeGreaterThan(1);
  });

  test("deleted, nothing of it is left in the cluster", async () => {
    tellOnFailure();
    await platform.api(token, "DELETE", `/api/apps/${app.id}`);
    await waitFor(
      "no object of the app is left",
      async () =>
        (
          await kubectl([
            "-n",
            platform.appsNamespace,
            "get",
            "deployments,replicasets,pods,configmaps,secrets",
            "-l",
            `fastapi-platform/app in (${app.id},${draftId})`,
            "-o",
            "name",
          ])
        ).trim() === "",
      90_000,
    );
    expect((await platform.callApp(app.slug, "/")).status).toBe(404);
  });
});
