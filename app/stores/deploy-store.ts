/**
 * A deployment as the editor watches it: its events become steps with their times, its outcome marks lines.
 * Guarantees: an event that comes twice (a stream that reconnects sends all again) changes nothing.
 */
import { createContext, useContext } from "react";
import { createStore, useStore, type StoreApi } from "zustand";
import type { Deployment, DeployEvent, DeployStage } from "#core/contract/deployment.ts";
import type { Files } from "#core/contract/files.ts";
import type { SourceProblem } from "#core/contract/problem.ts";

export const stages: readonly DeployStage[] = ["validating", "checking", "creating", "starting", "ready"];

export interface DeployStep {
  stage: DeployStage;
  state: "waiting" | "running" | "succeeded" | "failed";
  message: string;
  startedMs: number | null;
  /** How long this step took; null until it ended. */
  tookMs: number | null;
}

export interface Watched {
  id: string;
  kind: Deployment["kind"];
  state: "running" | "succeeded" | "failed";
  steps: DeployStep[];
  totalMs: number | null;
  version: number | null;
  error: string | null;
  traceback: string | null;
  problems: readonly SourceProblem[];
  url: string;
}

const waitingStep = (stage: DeployStage): DeployStep => ({ stage, state: "waiting", message: "", startedMs: null, tookMs: null });

export const newWatched = (id: string, kind: Deployment["kind"] = "deploy"): Watched => ({
  id,
  kind,
  state: "running",
  steps: stages.map(waitingStep),
  totalMs: null,
  version: null,
  error: null,
  traceback: null,
  problems: [],
  url: "",
});

/** The deployment after one more event. Events come in order; a stage that began is over when a later one begins. */
export function withEvent(watched: Watched, event: DeployEvent): Watched {
  const at = stages.indexOf(event.stage);
  const steps = watched.steps.map((step, index): DeployStep => {
    if (index < at && step.state === "running") return { ...step, state: "succeeded", tookMs: event.elapsedMs - (step.startedMs ?? 0) };
    if (index !== at) return step;
    if (event.status === "started")
      return step.state === "waiting" ? { ...step, state: "running", message: event.message, startedMs: event.elapsedMs } : step;
    if (step.state === "succeeded" || step.state === "failed") return step;
    const startedMs = step.startedMs ?? lastEndMs(watched.steps, at);
    return { ...step, state: event.status, message: event.message, startedMs, tookMs: Math.max(0, event.elapsedMs - startedMs) };
  });
  return { ...watched, steps, totalMs: Math.max(watched.totalMs ?? 0, event.elapsedMs) };
}

function lastEndMs(steps: readonly DeployStep[], before: number): number {
  return steps.slice(0, before).reduce((end, step) => Math.max(end, (step.startedMs ?? 0) + (step.tookMs ?? 0)), 0);
}

/** The deployment as the server holds it, whole. */
export function toWatched(deployment: Deployment): Watched {
  const watched = deployment.events.reduce(withEvent, newWatched(deployment.id, deployment.kind));
  const steps = watched.steps.map((step): DeployStep =>
    deployment.state === "failed" && step.state === "running" ? { ...step, state: "failed" } : step,
  );
  return {
    ...watched,
    steps,
    state: deployment.state,
    version: deployment.version ?? null,
    error: deployment.error ?? null,
    traceback: deployment.traceback ?? null,
    problems: deployment.problems ?? [],
    url: deployment.url,
  };
}

/** A deployment that the platform refused before it began: the draft was found wanting. */
export function toRefused(message: string, problems: readonly SourceProblem[]): Watched {
  const [first, ...rest] = newWatched("").steps;
  return { ...newWatched(""), state: "failed", steps: [{ ...first!, state: "failed", message }, ...rest], error: message, problems };
}

export interface DeployState {
  current: Watched | null;
  /** The files that were deployed: a problem's line is marked for as long as its file still reads so. */
  deployedFiles: Files | null;
  begin(id: string, files: Files | null, kind?: Deployment["kind"]): void;
  event(event: DeployEvent): void;
  end(deployment: Deployment): void;
  refuse(message: string, problems: readonly SourceProblem[], files: Files): void;
}

export type DeployStore = StoreApi<DeployState>;

export function createDeployStore(last: Deployment | null, draft: Files | null): DeployStore {
  return createStore<DeployState>((set) => ({
    current: last === null ? null : toWatched(last),
    deployedFiles: draft,
    begin: (id, files, kind) => set({ current: newWatched(id, kind), deployedFiles: files }),
    event: (event) => set(({ current }) => (current === null ? {} : { current: withEvent(current, event) })),
    end: (deployment) => set(({ current }) => (current?.id === deployment.id ? { current: toWatched(deployment) } : {})),
    refuse: (message, problems, files) => set({ current: toRefused(message, problems), deployedFiles: files }),
  }));
}

export const DeployStoreContext = createContext<DeployStore | null>(null);

export function useDeployStoreApi(): DeployStore {
  const store = useContext(DeployStoreContext);
  if (store === null) throw new Error("useDeployStore is used outside the editor");
  return store;
}

export function useDeployStore<Selected>(select: (state: DeployState) => Selected): Selected {
  return useStore(useDeployStoreApi(), select);
}
