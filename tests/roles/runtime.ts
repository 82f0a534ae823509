/** The runtime of a platform process before the stand-in cluster: what it knows comes by a watch, and what it does are calls. */
import { once } from "node:events";
import { request } from "node:http";
import { createInterface } from "node:readline";
import type { CreateRuntime } from "#server/create-runtime.ts";
import { createEventHub } from "#server/runtime/events.ts";
import type { Endpoint, LoadReport, Runtime, WakeResult } from "#server/runtime/runtime.ts";
import type { ClusterEvent } from "./cluster.ts";

const report: LoadReport = { ok: true, framework: "fastapi", factory: false, routes: [], importMs: 1 };

/** `name` is this process's, for the election. */
export function createClusterRuntime(url: string, name: string): CreateRuntime {
  return async ({ specOf }) => {
    const known = new Map<string, Endpoint[]>();
    const events = createEventHub();
    let leads = false;
    let synced = false;
    const watching = request(`${url}/watch`);

    const hear = (event: ClusterEvent): void => {
      if (event.type === "leader") {
        leads = event.name === name;
        synced = true;
      } else if (event.type === "endpoints") {
        const wasAwake = known.has(event.appId);
        if (event.endpoints.length > 0) known.set(event.appId, event.endpoints);
        else known.delete(event.appId);
        if (!wasAwake && event.endpoints.length > 0) events.publish({ type: "awake", appId: event.appId });
        else if (wasAwake && event.reason) events.publish({ type: "died", appId: event.appId, reason: event.reason });
        else if (wasAwake && event.endpoints.length === 0) events.publish({ type: "asleep", appId: event.appId, reason: "idle" });
      } else if (!leads) return;
      else if (event.type === "line") {
        const line = { at: new Date(), stream: "stdout", text: event.text, instanceId: "pod" } as const;
        events.publish({ type: "log", appId: event.appId, line });
      } else {
        const record = { requestId: event.requestId, at: new Date(), type: "ValueError", message: event.message, traceback: "" };
        events.publish({ type: "exception", appId: event.appId, record });
      }
    };
    const ask = async <Answer>(what: string, appId: string, input: object = {}): Promise<Answer> => {
      const answer = await fetch(`${url}/${what}/${appId}/${name}`, { method: "POST", body: JSON.stringify(input) });
      return (await answer.json()) as Answer;
    };

    const runtime: Runtime = {
      isolation: { level: "sandbox", limits: "cgroup", detail: "Apps run in a stand-in." },
      async start() {
        watching.end();
        const [response] = (await once(watching, "response")) as [NodeJS.ReadableStream];
        createInterface({ input: response }).on("line", (line) => hear(JSON.parse(line) as ClusterEvent));
      },
      async stop() {
        watching.on("error", () => undefined).destroy();
      },
      check: async () => report,
      async *deploy(spec, commit) {
        yield { type: "stage", stage: "creating", status: "started", message: "Finding a pod" };
        yield { type: "stage", stage: "creating", status: "succeeded", message: "A pod is there" };
        yield { type: "stage", stage: "starting", status: "started", message: "Loading" };
        const { endpoint } = await ask<{ endpoint: Endpoint }>("load", spec.appId, { version: spec.version });
        await commit(endpoint);
        await ask("serve", spec.appId, endpoint);
        yield { type: "stage", stage: "starting", status: "succeeded", message: "Loaded" };
        yield { type: "ready", endpoint, report };
      },
      async wake(appId) {
        const spec = await specOf(appId);
        return ask<WakeResult>("wake", appId, { version: spec?.version ?? 0 });
      },
      async sleep(appId) {
        await ask("sleep", appId);
        return true;
      },
      remove: async (appId) => void (await ask("sleep", appId)),
      endpoints: (appId) => known.get(appId) ?? [],
      enter: (appId, instanceId) => (known.get(appId)?.some((one) => one.instanceId === instanceId) ? () => undefined : null),
      watch: events.watch,
    };
    return {
      runtime,
      warmRunners: () => 0,
      leads: () => leads,
      requireReady() {
        if (!synced) throw new Error("The stand-in has said nothing yet");
      },
    };
  };
}
