/** What owners do while things are killed, and a record of what they were told is done. */
import type { TestPlatform } from "../platform.ts";
import { waitFor } from "../wait.ts";
import { notesApp } from "./load.ts";
import type { Random } from "./random.ts";

/** One app under change. Whatever was not acknowledged may have happened or not. */
interface Known {
  id: string;
  slug: string;
  collection: string;
  /** Versions that may be live: the last one known to be, and those whose deployment got no answer since. */
  versions: Set<string>;
  /** Marks of drafts that may be saved. */
  drafts: Set<string>;
}

export interface Changes {
  readonly apps: readonly Known[];
  /** Begins a change drawn at random; resolves when it is over, however it ended. */
  begin(): { name: string; done: Promise<void> };
  /** What was acknowledged and does not stand, in words. Waits for deployments under way. */
  judge(): Promise<string[]>;
}

interface Deployment {
  state: string;
  error: string | null;
}

export async function createChanges(platform: TestPlatform, token: string, random: Random, count: number): Promise<Changes> {
  const api = <Result = Record<string, unknown>>(method: string, path: string, body?: unknown): Promise<Result> =>
    platform.api<Result>(token, method, path, body);
  const apps: Known[] = [];
  for (let index = 0; index < count; index += 1) {
    const collection = `notes${index}`;
    const app = await platform.deploy(token, `faults ${index}`, notesApp(collection, "v0"));
    apps.push({ ...app, collection, versions: new Set(["v0"]), drafts: new Set(["v0"]) });
  }
  let mark = 0;
  /** Short-lived apps that were acknowledged as made, and as deleted. */
  const made = new Set<string>();
  const deleted = new Set<string>();
  const pending: { app: Known; id: string; version: string }[] = [];

  const save = async (app: Known): Promise<string> => {
    const version = `v${(mark += 1)}`;
    app.drafts.add(version);
    await api("PUT", `/api/apps/${app.id}/draft`, { files: notesApp(app.collection, version) });
    app.drafts = new Set([version]);
    return version;
  };
  const kinds: Record<string, (app: Known) => Promise<void>> = {
    save: async (app) => void (await save(app)),
    deploy: async (app) => {
      const version = await save(app);
      app.versions.add(version);
      const { deploymentId } = await api<{ deploymentId: string }>("POST", `/api/apps/${app.id}/deploy`, {});
      pending.push({ app, id: deploymentId, version });
      await platform.settled(token, deploymentId);
    },
    sleep: async (app) => void (await api("POST", `/api/apps/${app.id}/sleep`)),
    wake: async (app) => void (await api("POST", `/api/apps/${app.id}/wake`)),
    passing: async () => {
      const app = await api<{ id: string; slug: string }>("POST", "/api/apps", { name: "passing", files: notesApp("passing", "p") });
      made.add(app.id);
      await api("POST", `/api/apps/${app.id}/deploy`, {});
      made.delete(app.id);
      await api("DELETE", `/api/apps/${app.id}`);
      deleted.add(app.id);
    },
  };

  /** What the deployments that were acknowledged have come to. */
  const settle = async (): Promise<string[]> => {
    const wrong: string[] = [];
    for (const { app, id, version } of pending.splice(0)) {
      const ended = await waitFor(`deployment ${id} ends`, async () => {
        const found = await api<Deployment>("GET", `/api/deployments/${id}`);
        return found.state === "running" ? null : found;
      });
      if (ended.state === "succeeded") app.versions = new Set([version]);
      else if (/platform stopped|was stopped|database|no runner|could not be started|process ended|killed/i.test(ended.error ?? ""))
        app.versions.delete(version);
      else wrong.push(`deployment ${id} of ${app.slug} failed: ${ended.error}`);
    }
    return wrong;
  };

  return {
    apps,
    begin() {
      const name = random.weighted({ save: 1, deploy: 3, sleep: 2, wake: 1, passing: 1 });
      const app = random.pick(apps);
      return { name: `${name} ${app.slug}`, done: kinds[name]!(app).catch(() => undefined) };
    },
    async judge() {
      const wrong = await settle();
      for (const app of apps) {
        const found = await api<{ files: Record<string, string>; lastDeployment: { state: string } | null }>("GET", `/api/apps/${app.id}`);
        const draft = /return "(v\d+)"/.exec(found.files["app.py"]!)?.[1] ?? "none";
        if (!app.drafts.has(draft)) wrong.push(`${app.slug}: the draft is ${draft}, acknowledged was ${[...app.drafts].join(" or ")}`);
        const live = (await platform.callApp(app.slug, "/")).json() as string;
        if (!app.versions.has(live)) wrong.push(`${app.slug}: ${live} is live, acknowledged was ${[...app.versions].join(" or ")}`);
      }
      for (const id of deleted) if (await exists(id)) wrong.push(`app ${id} was deleted and is there`);
      for (const id of made) if (!(await exists(id))) wrong.push(`app ${id} was made and is lost`);
      deleted.clear();
      return wrong;
    },
  };

  async function exists(id: string): Promise<boolean> {
    const { status } = await platform.call(`/api/apps/${id}`, { headers: { authorization: `Bearer ${token}` } });
    if (status !== 200 && status !== 404) throw new Error(`Asked for app ${id}, the platform answered ${status}`);
    return status === 200;
  }
}
