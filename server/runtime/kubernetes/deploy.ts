/** One deployment on the cluster: load in a warm pod beside the old version, commit, make the pod the Deployment's own. */
import { setTimeout as delay } from "node:timers/promises";
import { AppError } from "#core/contract/problem.ts";
import type { Endpoint, InstanceSpec, RuntimeDeployEvent } from "../runtime.ts";
import { LoadFailure } from "../load-failure.ts";
import type { Acceptance } from "./acceptance.ts";
import { toEndpoint, type PodView } from "./app-view.ts";
import type { Cluster } from "./cluster.ts";
import type { Launcher } from "./launch.ts";

export interface DeployContext {
  cluster: Cluster;
  launcher: Launcher;
  acceptance: Acceptance;
  appPort: number;
  logger: { warn(message: string): void };
}

type Stage = Extract<RuntimeDeployEvent, { type: "stage" }>;

/** Once the version is live its objects must follow: so long the cluster is asked again, then the reconciler does it. */
const publishForMs = 30_000;
const publishPauseMs = 500;

/** @throws AppError, whatever `commit` throws, and the signal's reason. */
export async function deployTo(
  context: DeployContext,
  spec: InstanceSpec,
  commit: (endpoint: Endpoint) => Promise<void>,
  signal: AbortSignal,
  tell: (event: RuntimeDeployEvent) => void,
): Promise<void> {
  const { cluster, launcher, acceptance, appPort } = context;
  const at: { stage: Stage["stage"] } = { stage: "checking" };
  const say = (name: Stage["stage"], status: Stage["status"], message: string): void => {
    at.stage = name;
    tell({ type: "stage", stage: name, status, message });
  };
  let pod: PodView | null = null;
  let started = 0;
  try {
    say("checking", "started", "Reading the files");
    await spec.readFiles();
    signal.throwIfAborted();
    say("checking", "succeeded", "The files are ready");
    say("creating", "started", launcher.warmPods > 0 ? "Taking a warm pod" : "Starting a pod");
    const obtained = await launcher.obtain(spec, "app", signal, () => {});
    pod = obtained.pod;
    say("creating", "succeeded", obtained.wasWarm ? `The warm pod ${pod.name} is taken` : `The pod ${pod.name} has started`);
    say("starting", "started", `Loading ${spec.entrypoint}`);
    started = performance.now();
    const report = await launcher.give(pod, spec, "serve", signal);
    say("starting", "succeeded", `It answers, ${Math.round(performance.now() - started)} ms after it was given the files`);
    signal.throwIfAborted();
    const endpoint = toEndpoint(pod, appPort);
    await commit(endpoint);
    acceptance.note(pod);
    await publish(context, pod, spec);
    tell({ type: "ready", endpoint, report });
    void cluster.dropFiles(spec.appId).catch((error: Error) => context.logger.warn(`Old files of ${spec.appId} stay: ${error.message}`));
  } catch (error) {
    if (pod) await cluster.deletePod(pod, 1).catch(() => undefined);
    if (error instanceof LoadFailure) return tell({ type: "failed", stage: at.stage, error: error.error });
    if (signal.aborted || error instanceof AppError || at.stage === "starting") throw error;
    throw new AppError("runtime_unavailable", `No pod could be started: ${(error as Error).message}`, {
      cause: error,
      retryAfterSeconds: 5,
    });
  }
}

/** The version is live: its objects are made and its pod gets the requests. The old pods go by the Deployment's own rollout. */
async function publish({ cluster, launcher, logger }: DeployContext, pod: PodView, spec: InstanceSpec): Promise<void> {
  const until = AbortSignal.timeout(publishForMs);
  for (;;) {
    try {
      const { deployment } = cluster.view(spec.appId);
      const made = deployment ?? (await cluster.createDeployment(spec, 1));
      const owner = made ?? cluster.view(spec.appId).deployment;
      if (owner === null) throw new Error("its Deployment is not seen yet");
      const written = cluster.writeFiles(spec, owner);
      if (deployment !== null) {
        // Before the template that names them: a pod of the new version must find its files.
        await written;
        await cluster.applyDeployment(spec, 1);
      }
      await Promise.all([written, launcher.adopt(pod, spec, until)]);
      return;
    } catch (error) {
      if (until.aborted) throw error;
      logger.warn(`Version ${spec.version} of ${spec.appId} is live and its objects are not written yet: ${(error as Error).message}`);
      await delay(publishPauseMs);
    }
  }
}
