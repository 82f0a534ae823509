/**
 * An installation of the previous commit becomes one of this commit and goes back, under load: nobody who asks meanwhile gets anything but
 * an answer, and what is begun meanwhile (a wake, a deployment) ends well. The database's server stays: one member cannot be replaced
 * without being away.
 */
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFailed, test } from "vitest";
import { prepareBases } from "../../scripts/cluster/images.ts";
import { findOneNode, startOneNode } from "../../scripts/cluster/one-node.ts";
import { buildPrevious, type PreviousImages } from "../../scripts/cluster/previous.ts";
import { kubectl } from "./apps-namespace.ts";
import { defaultImages, install, type Installation } from "./installation.ts";
import { waitFor } from "../wait.ts";
import { startLoad, type Load, type LoadReport } from "./load.ts";

const root = join(import.meta.dirname, "../..");

const source = (text: string) => `
import asyncio, os
from fastapi import FastAPI, WebSocket
from fastapi.responses import StreamingResponse
import pymongo

app = FastAPI()
database = pymongo.MongoClient(os.environ["PLATFORM_MONGO_URI"]).get_default_database()

@app.get("/")
def hello():
    return {"says": "${text}"}

@app.get("/read")
def read():
    return {"found": database.things.find_one({"_id": 1})}

@app.get("/events")
def events():
    async def ticks():
        while True:
            yield "data: tick\\n\\n"
            await asyncio.sleep(0.2)
    return StreamingResponse(ticks(), media_type="text/event-stream")

@app.websocket("/echo")
async def echo(socket: WebSocket):
    await socket.accept()
    while True:
        await socket.send_text(await socket.receive_text())
`;

const current = { platform: defaultImages["fastapi-platform"], runner: defaultImages["fastapi-platform-runner"] };
const toImages = ({ platform, runner }: PreviousImages) => ({ "fastapi-platform": platform, "fastapi-platform-runner": runner });

/** From those who have built them, else built here, where there is what builds; a cluster elsewhere has what `FP_PREVIOUS_…` names. */
async function findPreviousImages(): Promise<PreviousImages> {
  const platform = process.env["FP_PREVIOUS_PLATFORM_IMAGE"];
  const runner = process.env["FP_PREVIOUS_RUNNER_IMAGE"];
  if (platform && runner) return { platform, runner };
  const folder = await findOneNode(root);
  if (folder === null) throw new Error("Set FP_PREVIOUS_PLATFORM_IMAGE and FP_PREVIOUS_RUNNER_IMAGE to images that the cluster has");
  const node = await startOneNode(folder);
  await prepareBases(node);
  return buildPrevious(root, node, current, console.log);
}

interface Pod {
  metadata: { labels: Record<string, string>; deletionTimestamp?: string };
  spec: { containers: { image: string }[] };
}

describe("an installation with two of each role, under load", () => {
  let previous: PreviousImages;
  let platform: Installation;
  let load: Load;
  let token: string;
  const apps: Record<"steady" | "sleeper", { id: string; slug: string }> = {} as never;

  const deploy = async (appId: string, text: string): Promise<Record<string, unknown>> => {
    const { deploymentId } = await platform.api<{ deploymentId: string }>(token, "POST", `/api/apps/${appId}/deploy`, {
      files: { "app.py": source(text) },
    });
    return platform.settled(token, deploymentId);
  };
  const podsOf = async (namespace: string, selector: string): Promise<Pod[]> =>
    (JSON.parse(await kubectl(["-n", namespace, "get", "pods", "-l", selector, "-o", "json"])) as { items: Pod[] }).items;
  beforeAll(async () => {
    previous = await findPreviousImages();
    platform = await install({
      resources: ["base"],
      components: ["components/mongodb-embedded"],
      replicas: { web: 2, gateway: 2, worker: 2, egress: 2 },
      images: toImages(previous),
    });
    token = ((await platform.signUp("owner@example.com", platform.setupCode)).json() as { token: string }).token;
    for (const name of ["steady", "sleeper"] as const) {
      apps[name] = await platform.api(token, "POST", "/api/apps", { name, files: { "app.py": source("first") } });
      const { state } = await deploy(apps[name].id, "first");
      if (state !== "succeeded") throw new Error(`The first deployment of ${name} ${String(state)}`);
    }
    load = startLoad();
    const { web, gateway } = platform.doors;
    const app = (path: string) => ({ port: gateway.port, host: gateway.hostOf(apps.steady.slug), path });
    const page = (path: string) => ({ ...web, path, headers: { authorization: `Bearer ${token}` } });
    for (const connection of ["kept", "fresh"] as const) {
      load.visit("app", app("/"), connection);
      load.visit("app's database", app("/read"), connection);
      load.visit("API", page(`/api/apps/${apps.steady.id}`), connection);
      load.visit("page", { ...web, path: "/sign-in" }, connection);
    }
    load.follow("events", app("/events"));
    load.speak("WebSocket", app("/echo"));
  }, 900_000);
  afterAll(async () => {
    await load?.stop();
    await platform?.remove();
  }, 150_000);

  /** Rolls to other images while an app is woken and another is deployed, and gives what visitors met. */
  const roll = async (images: PreviousImages, text: string): Promise<LoadReport> => {
    load.take();
    let rolling = true;
    const rolled = platform.change({ images: toImages(images) }).finally(() => (rolling = false));
    let begun = 0;
    const wrong: unknown[] = [];
    const begin = async (): Promise<void> => {
      for (let round = 1; rolling; round += 1) {
        await platform.api(token, "POST", `/api/apps/${apps.sleeper.id}/sleep`);
        const woken = await platform.callApp(apps.sleeper.slug, "/", { timeoutMs: 60_000 });
        if (woken.status !== 200) wrong.push(woken.text);
        const deployment = await deploy(apps.steady.id, `${text} ${round}`);
        if (deployment["state"] !== "succeeded") wrong.push(deployment);
        begun += 2;
      }
    };
    await Promise.all([rolled, begin()]);
    // Those that were told to end have ended, and connections of theirs with them.
    await kubectl(["-n", platform.namespace, "wait", "pod", "--for=delete", "--timeout=150s", "-l", await oldPods(images)]);
    const report = load.take();
    console.log(JSON.stringify({ text, ...report, begun }));
    expect(wrong).toEqual([]);
    expect(begun).toBeGreaterThanOrEqual(2);
    return report;
  };
  /** A selector of the platform's pods that are not from these images. */
  const oldPods = async (images: PreviousImages): Promise<string> => {
    const pods = await podsOf(platform.namespace, "fastapi-platform/role=yes");
    const old = pods.filter(({ spec }) => spec.containers[0]!.image !== images.platform);
    const hashes = new Set(old.map(({ metadata }) => metadata.labels["pod-template-hash"]));
    return `fastapi-platform/role=yes,pod-template-hash in (${["none", ...hashes].join(",")})`;
  };
  const runnerImages = async (): Promise<string[]> =>
    (await podsOf(platform.appsNamespace, "fastapi-platform/app"))
      .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
      .map(({ spec }) => spec.containers[0]!.image);
  const expectUndisturbed = ({ answered, failures, ends }: LoadReport): void => {
    expect(failures).toEqual([]);
    for (const name of ["app", "app's database", "API", "page"])
      for (const connection of ["kept", "fresh"]) expect(answered[`${name} (${connection})`], name).toBeGreaterThan(20);
    expect(Object.keys(ends)).toContainEqual(expect.stringMatching(/^WebSocket closed with/));
  };

  test.each([
    { what: "upgraded", to: () => current },
    { what: "rolled back", to: () => previous },
  ])(
    "is $what without a request that fails",
    async ({ what, to }) => {
      onTestFailed(async () => console.log(await platform.describe()));
      const images = to();
      expectUndisturbed(await roll(images, what));
      // Both were started since: the one woken, the other deployed.
      await platform.api(token, "POST", `/api/apps/${apps.sleeper.id}/sleep`);
      expect((await platform.callApp(apps.sleeper.slug, "/")).json()).toEqual({ says: "first" });
      expect(await deploy(apps.steady.id, `${what} at last`)).toMatchObject({ state: "succeeded" });
      // What the commit before does in its pool is not this one's to promise.
      const isOf =
        ({ runner }: PreviousImages) =>
        async () =>
          (await runnerImages()).every((image) => image === runner);
      if (images === current) await waitFor("all apps' pods are of the new runner's image", isOf(images), 150_000);
      expect(load.take().failures).toEqual([]);
    },
    600_000,
  );
});
